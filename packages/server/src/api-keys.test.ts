import { expect, test } from "vitest";
import { ApiKeys } from "./api-keys.js";

test("a key tells its owner, and nothing else does", () => {
  const keys = new ApiKeys([
    { owner: "ann", key: "ann-key-0123456789" },
    { owner: "bob", key: "bob-key-0123456789" },
  ]);
  expect(keys.owner("ann-key-0123456789")).toBe("ann");
  expect(keys.owner("bob-key-0123456789")).toBe("bob");
  for (const wrong of ["", "ann", "ann-key-0123456788", "ann-key-0123456789 ", "__proto__"]) {
    expect(keys.owner(wrong)).toBeUndefined();
  }
});
