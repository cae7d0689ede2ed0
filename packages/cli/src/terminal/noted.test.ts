import { expect, test } from "vitest";
import { noted } from "./noted.js";

test.for([
  ["It broke.", "It broke. (PN_X)"],
  ["It broke. (the disk is full)", "It broke. (the disk is full; PN_X)"],
  ["f()", "f() (PN_X)"],
] as const)("a note after %j", ([text, expected]) => {
  expect(noted(text, "PN_X")).toBe(expected);
});
