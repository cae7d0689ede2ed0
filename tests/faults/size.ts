import type { TestContext } from "vitest";

/** `npm run faults` does everything at full length; `npm test` the same stories in short. */
export const isFull = process.env["POSTERN_FAULTS"] === "full";

export function sized<T>(full: T, short: T): T {
  return isFull ? full : short;
}

declare module "vitest" {
  interface TaskMeta {
    /** What the test saw, for docs/reliability.md. */
    findings?: string[];
  }
}

/** Keeps what a test saw: the page of the full run tells it. */
export function finding({ task }: Pick<TestContext, "task">, text: string): void {
  (task.meta.findings ??= []).push(text);
}

/** Seconds since `start` (of performance.now), for people. */
export function secondsSince(start: number): string {
  return `${((performance.now() - start) / 1_000).toFixed(1)} s`;
}
