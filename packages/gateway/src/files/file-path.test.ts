import { expect, test } from "vitest";
import { filePath, isHidden } from "./file-path.js";

test.for<[string, string]>([
  ["/", "/"],
  ["/a/b.txt?x=/../..", "/a/b.txt"],
  ["/a/", "/a/"],
  ["/a%20b%3F", "/a b?"],
  ["/%C3%A9", "/\xc3\xa9"],
  ["/%ff%01", "/\xff\x01"],
  ["/...", "/..."],
  ["/a..b", "/a..b"],
  ["/%25%32%65", "/%2e"],
])("%s is %j", ([target, expected]) => expect(filePath(target)).toBe(expected));

test.for([
  "",
  "*",
  "a",
  "/..",
  "/../a",
  "/a/../b",
  "/./a",
  "/a/.",
  "//a",
  "/a//b",
  "/a//",
  "/%2e%2e/a",
  "/.%2E",
  "/%2E%2e%2fa",
  "/a%2fb",
  "/a%00",
  "/a%",
  "/a%4",
  "/a%zz",
])("%s is the path of no file", (target) => expect(filePath(target)).toBeUndefined());

test.for<[string, boolean]>([
  ["/a.txt", false],
  ["/.env", true],
  ["/.git/config", true],
  ["/a/.b/c", true],
  ["/.well-known/acme-challenge/x", false],
  ["/.well-known/.x", true],
  ["/.well-known", true],
  ["/a/.well-known/x", true],
])("%s is hidden: %s", ([path, expected]) => expect(isHidden(path)).toBe(expected));
