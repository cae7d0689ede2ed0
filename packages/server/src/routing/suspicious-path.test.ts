import { expect, test } from "vitest";
import { isSuspicious } from "./suspicious-path.js";

test.for([
  "/..",
  "/a/../b",
  "/a/..;x/b",
  "/a/%2e%2E/b",
  "/a/.%2e",
  "/a%2f..%2fb",
  "/a\\..\\b",
  "/a%5C..",
  "/a%00",
  "/a%0d%0aSet-Cookie",
  "/%7F",
  "/%1f?a",
])("%s is suspicious", (target) => {
  expect(isSuspicious(target)).toBe(true);
});

test.for([
  "/",
  "*",
  "/a..b/...",
  "/.well-known/x",
  "/a/.../b",
  "/a%20b",
  "/%2e",
  "/a?b=/../c%00",
  "/a%2e%2e",
  "/%80%ff",
])("%s is not", (target) => {
  expect(isSuspicious(target)).toBe(false);
});

test("a long path takes one pass", () => {
  const long = "/%2e%2e".repeat(4_000);
  expect(isSuspicious(`${"/.%2e.".repeat(5_000)}`)).toBe(false);
  expect(isSuspicious(long)).toBe(true);
});
