import { getHeapSpaceStatistics, setFlagsFromString } from "node:v8";

/** Bytes of the young generation from which on it does not grow. V8's own limit is eight times as high. */
export const YOUNG_GENERATION = 12 * 1024 * 1024;

/**
 * Stops the growth of V8's young generation in this process, if it is as large as YOUNG_GENERATION. V8 enlarges it each
 * time as many bytes have survived collections as it has, so after enough requests it always takes 128 MB. A larger one
 * than this did not make requests faster. The start of a thread ends the limit.
 * @param bytes the size of the young generation; default: that of this thread
 * @returns whether it does not grow any more
 */
export function limitYoungGeneration(bytes: number = youngGeneration()): boolean {
  if (bytes < YOUNG_GENERATION) return false;
  // V8 reads it at each enlargement, while it reads --max-semi-space-size only when a thread starts.
  setFlagsFromString("--semi-space-growth-factor=1");
  return true;
}

/** Bytes of V8's young generation in this thread. */
export function youngGeneration(): number {
  return getHeapSpaceStatistics().find(({ space_name }) => space_name === "new_space")?.space_size ?? 0;
}
