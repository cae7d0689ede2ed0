import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { releaseStartMemory } from "./start-memory.js";

const INTERVAL = 5_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("the memory of the start is released once, when the process is idle", () => {
  const shares = [0.5, 0.03, 0.01, 0, 0];
  const collect = vi.fn(() => Promise.resolve());
  releaseStartMemory({ busyShare: () => shares.shift()!, collect });
  vi.advanceTimersByTime(2 * INTERVAL);
  expect(collect).not.toHaveBeenCalled();
  vi.advanceTimersByTime(10 * INTERVAL);
  expect(collect).toHaveBeenCalledOnce();
});

test("a command that ends before does not release it", () => {
  const collect = vi.fn(() => Promise.resolve());
  releaseStartMemory({ busyShare: () => 0, collect })();
  vi.advanceTimersByTime(10 * INTERVAL);
  expect(collect).not.toHaveBeenCalled();
});

test("the collection shrinks the young generation", async () => {
  vi.useRealTimers();
  const { getHeapSpaceStatistics } = await import("node:v8");
  const young = (): number => getHeapSpaceStatistics().find(({ space_name }) => space_name === "new_space")!.space_size;
  const kept: object[] = [];
  while (young() < 8 * 1024 * 1024) for (let n = 0; n < 10_000; n++) kept.push({ n });
  kept.length = 0;
  vi.useFakeTimers();
  releaseStartMemory({ busyShare: () => 0 });
  vi.advanceTimersByTime(INTERVAL);
  vi.useRealTimers();
  await vi.waitFor(() => expect(young()).toBeLessThan(4 * 1024 * 1024), 5_000);
});
