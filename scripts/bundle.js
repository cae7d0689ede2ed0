// Bundles the command and all that it loads from packages/*/dist into packages/cli/bundle. A process that loads a few
// chunks starts in half the time of one that loads hundreds of modules. Code that a command may need later is in chunks
// of its own, as it is in modules of its own.
import { rolldown } from "rolldown";
import { fileURLToPath } from "node:url";

const path = (file) => fileURLToPath(new URL(`../packages/${file}`, import.meta.url));

const bundle = await rolldown({
  input: {
    main: path("cli/dist/main.js"),
    // The files of threads, which their starters name relative to themselves.
    "look-up-worker": path("gateway/dist/files/disk/look-up-worker.js"),
    "regex-worker": path("gateway/dist/middleware/transform/regex-worker.js"),
    "verify-worker": path("gateway/dist/middleware/basic-auth/verify-worker.js"),
  },
  platform: "node",
  treeshake: false,
  onLog(level, log, handler) {
    // A warning is a mistake that the command would show only when it runs the code.
    handler(level === "warn" ? "error" : level, log);
  },
});
await bundle.write({
  dir: path("cli/bundle"),
  format: "esm",
  cleanDir: true,
  entryFileNames: "[name].js",
  // Neither this nor tree shaking may remove code: both take decodeURIComponent() for pure, although it throws, and
  // remove calls whose results are unused.
  minify: false,
});
await bundle.close();
