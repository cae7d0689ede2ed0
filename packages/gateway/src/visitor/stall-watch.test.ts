import { expect, test } from "vitest";
import { StallWatch } from "./stall-watch.js";

test("notices since when bytes wait and none are sent, until some are sent", () => {
  const watch = new StallWatch();
  const look = (now: number, written: number, unsent: number): number => {
    watch.look(now, { progress: written - unsent, unsent });
    return watch.since;
  };
  expect(look(1, 100, 0)).toBe(Infinity);
  expect(look(2, 500, 400)).toBe(2);
  expect(look(3, 500, 400)).toBe(2);
  // More bytes wait, and none were sent.
  expect(look(4, 700, 600)).toBe(2);
  expect(look(5, 700, 599)).toBe(5);
  expect(look(6, 700, 599)).toBe(5);
  expect(look(7, 700, 0)).toBe(Infinity);
});
