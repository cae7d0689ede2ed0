import { statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { workerSeconds } from "./process-usage.ts";

/** The preload that counts mark-compacts. */
export const COUNT_COLLECTIONS = fileURLToPath(new URL("count-collections.js", import.meta.url));

/** The work of V8's garbage collector, in one process or in several. */
export interface CollectorUse {
  /** CPU time of V8's worker threads, in seconds. */
  workers: number;
  /** Collections of the whole heap. */
  markCompacts: number;
}

/** @param file - The file to which the preload appends a byte for each mark-compact. */
export function collectorUse(pid: number, file: string): CollectorUse {
  return { workers: workerSeconds(pid), markCompacts: statSync(file).size };
}

export function difference(after: CollectorUse, before: CollectorUse): CollectorUse {
  return { workers: after.workers - before.workers, markCompacts: after.markCompacts - before.markCompacts };
}
