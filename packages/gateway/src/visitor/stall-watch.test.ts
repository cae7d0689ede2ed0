import { expect, test } from "vitest";
import { StallWatch } from "./stall-watch.js";

test("counts while something waits and nothing is taken, and starts again with every byte", () => {
  const watch = new StallWatch();
  const look = (written: number, unsent: number): number => watch.look({ progress: written - unsent, unsent }, 1_000);
  expect(look(100, 0)).toBe(0);
  expect(look(100, 0)).toBe(0);
  expect(look(500, 400)).toBe(1_000);
  expect(look(500, 400)).toBe(2_000);
  // More waits, nothing more was taken.
  expect(look(700, 600)).toBe(3_000);
  expect(look(700, 599)).toBe(0);
  expect(look(700, 599)).toBe(1_000);
  expect(look(700, 0)).toBe(0);
});
