import { expect, test } from "vitest";
import { StallWatch } from "./stall-watch.js";

test("counts while bytes wait and none are sent, and restarts whenever some are sent", () => {
  const watch = new StallWatch();
  const look = (written: number, unsent: number): number => watch.look({ progress: written - unsent, unsent }, 1_000);
  expect(look(100, 0)).toBe(0);
  expect(look(100, 0)).toBe(0);
  expect(look(500, 400)).toBe(1_000);
  expect(look(500, 400)).toBe(2_000);
  // More bytes wait, and none were sent.
  expect(look(700, 600)).toBe(3_000);
  expect(look(700, 599)).toBe(0);
  expect(look(700, 599)).toBe(1_000);
  expect(look(700, 0)).toBe(0);
});
