import { expect, test } from "vitest";
import { DEFAULT_NAME_RULES, isReservedName, isValidName, randomName } from "./name.js";

test.each(["a", "my-app", "0", "x".repeat(63)])("%s is a valid name", (name) => {
  expect(isValidName(name)).toBe(true);
});

test.each(["", "-a", "a-", "A", "a.b", "a_b", "ä", "x".repeat(64), "xn--80ak6aa92e", "a\n", "a b"])(
  "%j is not a valid name",
  (name) => {
    expect(isValidName(name)).toBe(false);
  },
);

test("the operator's list of reserved names replaces the default list", () => {
  expect([isReservedName("www"), isReservedName("mine")]).toEqual([true, false]);
  const rules = { ...DEFAULT_NAME_RULES, reserved: ["mine"] };
  expect([isReservedName("www", rules), isReservedName("mine", rules)]).toEqual([false, true]);
});

test("random names are valid, not reserved, pronounceable, and differ", () => {
  const names = Array.from({ length: 1_000 }, randomName);
  expect(new Set(names).size).toBe(names.length);
  for (const name of names) {
    expect(isValidName(name) && !isReservedName(name)).toBe(true);
    expect(name).toMatch(
      /^([bdfghjklmnprstvz][aeiou]){2}-([bdfghjklmnprstvz][aeiou]){2}-([bdfghjklmnprstvz][aeiou]){3}$/,
    );
  }
});
