import { expect, test } from "vitest";
import { returnPath } from "./return-path.js";

test.each([
  "/",
  "/a/b?c=d&e=%2f%2f",
  "/a//b",
  "/%2f%2fevil.example",
  "/a?to=//evil.example",
  "/@evil.example",
  "/:80",
  "/a#b",
])("a visitor returns to %s", (path) => {
  expect(returnPath(path)).toBe(path);
  for (const site of ["http://a.test", "https://a.test:8443"]) expect(new URL(path, site).origin).toBe(site);
});

test.each([
  "",
  "a",
  "//evil.example",
  "///evil.example",
  "/\\evil.example",
  "\\\\evil.example",
  "/a\\b",
  "/\t/evil.example",
  "\t//evil.example",
  " //evil.example",
  "/\r\n/evil.example",
  "/a\r\nSet-Cookie: a=b",
  "/a b",
  "/\u00e9",
  "/a\0b",
  "https://evil.example/",
  "https:evil.example",
  "javascript:alert(1)",
  "data:text/html,x",
  "evil.example",
  "@evil.example",
  "/.postern/password/logout",
  `/${"x".repeat(3_000)}`,
  `/${"%".repeat(1_000)}`,
])("a visitor returns to the start, and not to %j", (path) => {
  expect(returnPath(path)).toBe("/");
});
