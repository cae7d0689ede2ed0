import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

// npm run test:buffers. Package net keeps the record of lent buffers, so its source must not be loaded beside its
// build.
const isPoisoned = process.env["POSTERN_POISON"] === "1";
const netSource = new URL("packages/net/src/index.ts", import.meta.url).pathname;

export default defineConfig({
  ...(isPoisoned && { resolve: { alias: { "@postern/net": netSource } } }),
  test: {
    ...(isPoisoned && { setupFiles: ["tests/buffers/poison-reads.ts"] }),
    include: ["packages/*/src/**/*.test.ts", "tests/**/*.test.ts"],
    // Tests mostly wait for the processes that they start, so even two cores can run five files at a time.
    maxWorkers: Math.max(5, availableParallelism()),
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
