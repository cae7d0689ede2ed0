/**
 * Loaded with `--import` into a measured process. It appends one byte to a file for each mark-compact, a collection of
 * the whole heap. It is JavaScript, so that Node does not load its TypeScript support into the measured process.
 */
import { appendFileSync } from "node:fs";
import { constants, PerformanceObserver } from "node:perf_hooks";

const file = process.env["BENCH_COLLECTIONS"] ?? "";

new PerformanceObserver((list) => {
  for (const { detail } of list.getEntries())
    if (detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR) appendFileSync(file, ".");
}).observe({ entryTypes: ["gc"] });
