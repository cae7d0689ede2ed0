import { expect, test } from "vitest";
import { ApiKeys } from "./api-keys.js";

const ANN = { owner: "ann", key: "ann-key-0123456789" };
const BOB = { owner: "bob", key: "bob-key-0123456789" };

test("only a whole key finds its owner", () => {
  const keys = new ApiKeys([ANN, BOB]);
  expect(keys.find(ANN.key)?.owner).toBe("ann");
  expect(keys.find(BOB.key)?.owner).toBe("bob");
  for (const wrong of ["", "ann", "ann-key-0123456788", "ann-key-0123456789 ", "__proto__"]) {
    expect(keys.find(wrong)).toBeUndefined();
  }
});

test("a found credential is accepted until its key is removed or has another owner", () => {
  const keys = new ApiKeys([ANN, BOB]);
  const found = [ANN, BOB].map(({ key }) => keys.find(key)!);
  keys.replace([ANN]);
  expect(found.map((each) => keys.accepts(each))).toEqual([true, false]);
  expect(keys.find(BOB.key)).toBeUndefined();
  keys.replace([{ ...ANN, owner: "eve" }, BOB]);
  expect(found.map((each) => keys.accepts(each))).toEqual([false, true]);
});
