import { totalmem } from "node:os";
import { getHeapStatistics } from "node:v8";

/** Shares of its memory at which a process starts to save memory. */
export const MEMORY_LIMITS = {
  /** Idle connections are closed. */
  shed: 0.85,
  /** Connections are closed after their response, too. */
  close: 0.92,
  /** Memory is also taken from the owner that holds the most. */
  evict: 0.93,
  /** Requests are refused, too. */
  refuse: 0.95,
} as const;

export type MemoryPressure = "none" | keyof typeof MEMORY_LIMITS;

/** A level ends only when the share is this far below its limit, so that the level does not flap. */
const SLACK = 0.03;
const LEVELS: readonly MemoryPressure[] = ["none", "shed", "close", "evict", "refuse"];

/** The pressure on a process that uses `share` of its memory, 0 to 1, after the pressure was `before`. */
export function memoryPressure(share: number, before: MemoryPressure): MemoryPressure {
  const up = levelOf(share);
  const down = Math.min(levelOf(share + SLACK), LEVELS.indexOf(before));
  return LEVELS[Math.max(up, down)] as MemoryPressure;
}

function levelOf(share: number): number {
  return Object.values(MEMORY_LIMITS).filter((limit) => share >= limit).length;
}

/** How long a measurement of the resident size is used, in milliseconds: the system computes it from files. */
const RESIDENT_AGE = 1_000;
let resident = { at: -Infinity, share: 0 };

/**
 * The share of its memory that this process uses, 0 to 1: of its heap, or of the machine's or container's memory,
 * whichever is larger.
 * @param now milliseconds of a monotonic clock. Default: that of the process.
 */
export function memoryShare(now = performance.now()): number {
  const { used_heap_size, heap_size_limit } = getHeapStatistics();
  if (now - resident.at >= RESIDENT_AGE) resident = { at: now, share: residentShare() };
  return Math.max(used_heap_size / heap_size_limit, resident.share);
}

/** Without a free file descriptor, the resident size is unknown, and only the heap counts. */
function residentShare(): number {
  try {
    return process.memoryUsage.rss() / Math.min(process.constrainedMemory() || Infinity, totalmem());
  } catch {
    return 0;
  }
}
