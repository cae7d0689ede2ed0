// Compiles all packages, and bundles the command. Runs as `prepare`, after `npm ci`; does nothing where the compiler is
// absent (`npm ci --omit=dev`).
import { existsSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const tsc = fileURLToPath(new URL("../node_modules/typescript/bin/tsc", import.meta.url));
if (existsSync(tsc)) {
  const { status } = spawnSync(process.execPath, [tsc, "-b"], { stdio: "inherit" });
  process.exitCode = status ?? 1;
  if (status === 0) await import("./bundle.js");
}
