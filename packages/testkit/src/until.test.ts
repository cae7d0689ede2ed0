import { expect, test } from "vitest";
import { until } from "./until.js";

test("returns the first value and ignores earlier errors", async () => {
  let asked = 0;
  const value = await until("the third question", () => {
    asked += 1;
    if (asked === 1) throw new Error("too early");
    return asked > 2 && `asked ${asked} times`;
  });
  expect(value).toBe("asked 3 times");
});

test("the failure names the condition, with the details, and the last error as its cause", async () => {
  const waiting = until(
    "the impossible",
    () => {
      throw new Error("no");
    },
    { timeout: 30, details: () => "seen: nothing" },
  );
  await expect(waiting).rejects.toThrow(/waiting for the impossible\nseen: nothing/);
  await expect(waiting).rejects.toMatchObject({ cause: new Error("no") });
});
