import { totalmem } from "node:os";
import { getHeapStatistics } from "node:v8";

/** From these shares of its memory on, a process does without what it can do without. */
export const MEMORY_LIMITS = {
  /** Idle connections are closed. */
  shed: 0.85,
  /** Connections are closed after their answer, too. */
  close: 0.92,
  /** Requests are refused, too. */
  refuse: 0.95,
} as const;

export type MemoryPressure = "none" | keyof typeof MEMORY_LIMITS;

/** By so much the share has to fall below one of these for it to be over: memory comes and goes. */
const SLACK = 0.03;
const LEVELS: readonly MemoryPressure[] = ["none", "shed", "close", "refuse"];

/** What a process that uses `share` of its memory, 0 to 1, has to do, after it had to do `before`. */
export function memoryPressure(share: number, before: MemoryPressure): MemoryPressure {
  const up = levelOf(share);
  const down = Math.min(levelOf(share + SLACK), LEVELS.indexOf(before));
  return LEVELS[Math.max(up, down)] as MemoryPressure;
}

function levelOf(share: number): number {
  const { shed, close, refuse } = MEMORY_LIMITS;
  return [shed, close, refuse].filter((limit) => share >= limit).length;
}

/** How much of its memory this process uses, 0 to 1: of its heap, or of what the machine or its container allows, whichever is more. */
export function memoryShare(): number {
  const { used_heap_size, heap_size_limit } = getHeapStatistics();
  const allowed = Math.min(process.constrainedMemory() || Infinity, totalmem());
  return Math.max(used_heap_size / heap_size_limit, process.memoryUsage.rss() / allowed);
}
