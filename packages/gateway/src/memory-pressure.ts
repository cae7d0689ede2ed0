import { totalmem } from "node:os";
import { getHeapStatistics } from "node:v8";

/** Shares of its memory at which a process starts to save memory. */
export const MEMORY_LIMITS = {
  /** Idle connections are closed. */
  shed: 0.85,
  /** Connections are closed after their response, too. */
  close: 0.92,
  /** The owner of what takes the most memory loses a part of it, too. */
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

/**
 * The share of its memory that this process uses, 0 to 1: of its heap, or of the machine's or container's memory,
 * whichever is larger.
 */
export function memoryShare(): number {
  const { used_heap_size, heap_size_limit } = getHeapStatistics();
  const allowed = Math.min(process.constrainedMemory() || Infinity, totalmem());
  return Math.max(used_heap_size / heap_size_limit, residentSize() / allowed);
}

/** Bytes of physical memory. Linux reports them in a file; without a free file descriptor, only the heap is known. */
function residentSize(): number {
  try {
    return process.memoryUsage.rss();
  } catch {
    return 0;
  }
}
