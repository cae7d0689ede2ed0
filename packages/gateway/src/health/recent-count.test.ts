import fc from "fast-check";
import { expect, test } from "vitest";
import { RecentCount } from "./recent-count.js";

test("counts as a list of the times of all events does", () => {
  const steps = fc.array(fc.tuple(fc.nat(3_000), fc.boolean()), { maxLength: 50 });
  fc.assert(
    fc.property(steps, (events) => {
      const count = new RecentCount(10_000, 10);
      const times: number[] = [];
      let now = 0;
      for (const [delay, isEvent] of events) {
        now += delay;
        if (isEvent) {
          count.add(now);
          times.push(now);
        }
        const oldest = Math.floor(now / 1_000) - 9;
        expect(count.totalAt(now)).toBe(times.filter((time) => Math.floor(time / 1_000) >= oldest).length);
      }
    }),
  );
});

test("counts nothing after it was cleared", () => {
  const count = new RecentCount(10_000, 10);
  count.add(500);
  count.clear();
  expect(count.totalAt(500)).toBe(0);
  count.add(600);
  expect(count.totalAt(600)).toBe(1);
});
