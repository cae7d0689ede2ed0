import type { TestContext } from "vitest";

/** True in `npm run faults`, which runs every fault at full length. `npm test` runs shorter versions. */
export const isFull = process.env["POSTERN_FAULTS"] === "full";

export function sized<T>(full: T, short: T): T {
  return isFull ? full : short;
}

declare module "vitest" {
  interface TaskMeta {
    /** Measurements of the test, for docs/reliability.md. */
    findings?: string[];
  }
}

/** Records a measurement for docs/reliability.md. */
export function finding({ task }: Pick<TestContext, "task">, text: string): void {
  (task.meta.findings ??= []).push(text);
}

/** Returns the time since `start` (from performance.now) as text, in seconds. */
export function secondsSince(start: number): string {
  return `${((performance.now() - start) / 1_000).toFixed(1)} s`;
}
