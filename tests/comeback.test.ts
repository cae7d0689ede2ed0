import { expect, onTestFinished, test } from "vitest";
import { comeback } from "./comeback.ts";

test("two hundred clients of one address that lose their connections at once all come back, and a tunnel beside them serves everything", async () => {
  const { time } = await comeback(onTestFinished, 200);
  expect(time).toBeLessThan(30_000);
});
