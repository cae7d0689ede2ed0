import { defineConfig } from "vitest/config";

/** Long tests of what breaks: `npm run faults`. */
export default defineConfig({
  test: {
    include: ["tests/faults/**/*.fault.ts"],
    testTimeout: 300_000,
    hookTimeout: 120_000,
    fileParallelism: false,
  },
});
