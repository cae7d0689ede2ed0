import { expect, test, vi } from "vitest";
import { memoryPressure, memoryShare } from "./memory-pressure.js";

test.for([
  [0.849, "none"],
  [0.85, "shed"],
  [0.919, "shed"],
  [0.92, "close"],
  [0.929, "close"],
  [0.93, "evict"],
  [0.949, "evict"],
  [0.95, "refuse"],
  [1.1, "refuse"],
] as const)("a process that uses %d of its memory: %s", ([share, pressure]) => {
  expect(memoryPressure(share, "none")).toBe(pressure);
});

test.for([
  ["refuse", 0.93, "refuse"],
  ["refuse", 0.91, "evict"],
  ["evict", 0.89, "close"],
  ["close", 0.9, "close"],
  ["close", 0.86, "shed"],
  ["shed", 0.83, "shed"],
  ["shed", 0.81, "none"],
  ["refuse", 0.5, "none"],
  ["none", 0.83, "none"],
  ["shed", 0.92, "close"],
] as const)("after %s, at %d: %s", ([before, share, pressure]) => {
  expect(memoryPressure(share, before)).toBe(pressure);
});

test("this process uses a part of its memory", () => {
  expect(memoryShare()).toBeGreaterThan(0);
  expect(memoryShare()).toBeLessThan(1);
});

test("without a file descriptor for the resident size, the share of the heap is known", () => {
  const rss = vi.spyOn(process.memoryUsage, "rss").mockImplementation(() => {
    throw new Error("EMFILE: too many open files, uv_resident_set_memory");
  });
  expect(memoryShare()).toBeGreaterThan(0);
  rss.mockRestore();
});
