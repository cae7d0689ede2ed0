import { constants, PerformanceObserver, type NodeGCPerformanceDetail } from "node:perf_hooks";
import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { allowHeapGrowth } from "./heap-growth.js";

test("the heap is collected in full when it has doubled", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const kept: number[][] = [];
  const keep = (count: number): void => {
    for (let n = 0; n < count; n++) kept.push(Array.from({ length: 30 }, () => n));
  };
  allowHeapGrowth();
  keep(150_000);
  collect();
  await nextTurn();
  let isCollected = false;
  const observer = new PerformanceObserver((list) => {
    const kinds = list
      .getEntries()
      .map((entry) => (entry as unknown as { detail: NodeGCPerformanceDetail }).detail.kind);
    isCollected ||= kinds.includes(constants.NODE_PERFORMANCE_GC_MAJOR);
  });
  const before = getHeapStatistics().used_heap_size;
  observer.observe({ entryTypes: ["gc"] });
  while (!isCollected && getHeapStatistics().used_heap_size < 4 * before) {
    keep(500);
    await nextTurn();
  }
  observer.disconnect();
  const growth = getHeapStatistics().used_heap_size / before;
  expect(growth).toBeGreaterThan(1.7);
  expect(growth).toBeLessThan(3.2);
});
