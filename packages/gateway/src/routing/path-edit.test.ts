import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { pathEdit, type PathEditOptions } from "./path-edit.js";
import { ambiguousPaths, TRAVERSALS } from "./routes.suite.js";
import { twinReadings } from "./readings-twin.suite.js";

const STRIP: PathEditOptions = { stripPrefix: true };
const KEEP: PathEditOptions = { stripPrefix: false };

describe("what a target receives", () => {
  test.each([
    ["/api/*", STRIP, "/base", "/api/users?x=1", "/base/users?x=1"],
    ["/api/*", STRIP, "/base", "/api", "/base"],
    ["/api/*", STRIP, "/base", "/api?x", "/base?x"],
    ["/api/*", STRIP, "/base", "/api/", "/base/"],
    ["/api/*", STRIP, "", "/api/users", "/users"],
    ["/api/*", STRIP, "", "/api", "/"],
    ["/api/*", STRIP, "", "/api?x", "/?x"],
    ["/*", STRIP, "/base", "/", "/base/"],
    ["/*", STRIP, "", "/a?b", "/a?b"],
    ["/exact", STRIP, "/base", "/exact?x", "/base?x"],
    ["/exact", STRIP, "", "/exact", "/"],
    ["/exact", STRIP, "/base/", "/exact?x", "/base/?x"],
    ["/api/*", STRIP, "/base/", "/api/users", "/base/users"],
    ["/api/*", KEEP, "/base/", "/api", "/base/api"],
    ["/api/*", KEEP, "/base", "/api/users?x", "/base/api/users?x"],
    ["/api/*", KEEP, "", "/api/users", "/api/users"],
    ["/café/*", STRIP, "", "/caf%C3%A9/x", "/x"],
    ["/café/*", STRIP, "", "/caf%c3%a9/x", "/x"],
    ["/api/*", STRIP, "/b", "/api/a%2Fb;c//d%20e/./f", "/b/a%2Fb;c//d%20e/./f"],
  ] as const)("%s with %j and base %j: %s becomes %s", (route, options, base, path, expected) => {
    expect(pathEdit(route, options).apply(path, base)).toBe(expected);
  });

  test.each([
    ["/v2{rest}", "", "/api/users?x", "/v2/users?x"],
    ["/v2{rest}", "/base", "/api", "/base/v2"],
    ["/v2{path}", "", "/api/users", "/v2/api/users"],
    ["{path}", "", "/api/users", "/api/users"],
    ["{rest}", "", "/api/users?x", "/users?x"],
    ["{rest}", "", "/api", "/"],
    ["{rest}", "/base", "/api?x", "/base?x"],
    ["/v2{rest}.json", "", "/api/users?x", "/v2/users.json?x"],
    ["/x?file={rest}", "", "/api/a?lost", "/x?file=/a"],
    ["/x?file={rest}", "", "/api/a&admin=1+2%26", "/x?file=/a%26admin=1%2B2%26"],
    ["/fixed", "/base", "/api/a/b?c", "/base/fixed?c"],
    ["/fixed", "/base/", "/api", "/base/fixed"],
    ["/é ü", "", "/api", "/%C3%A9%20%C3%BC"],
  ])("/api/* rewritten to %s with base %j: %s becomes %s", (rewrite, base, path, expected) => {
    expect(pathEdit("/api/*", { stripPrefix: true, rewrite }).apply(path, base)).toBe(expected);
  });

  test("of an exact route, {rest} is empty", () => {
    expect(pathEdit("/exact", { stripPrefix: true, rewrite: "/new{rest}" }).apply("/exact?x", "")).toBe("/new?x");
  });
});

describe("a path that leaves the route's prefix or the base path in any reading is refused", () => {
  const edits: [string, PathEditOptions, string][] = [
    ["stripped", STRIP, ""],
    ["stripped, with a base path", STRIP, "/base"],
    ["rewritten", { stripPrefix: true, rewrite: "/v2{rest}" }, ""],
    ["rewritten to a parameter", { stripPrefix: true, rewrite: "/x?file={rest}" }, "/base"],
  ];

  test.each(edits)("%s", (_, options, base) => {
    const edit = pathEdit("/api/*", options);
    expect(TRAVERSALS.length).toBeGreaterThan(40);
    for (const path of TRAVERSALS) expect(edit.apply(`/api${path}`, base), path).toBeUndefined();
    for (const path of TRAVERSALS) expect(edit.apply(`/api/a${path}`, base), path).toBeDefined();
  });

  test("with the whole path: only above the base path", () => {
    for (const path of TRAVERSALS) {
      expect(pathEdit("/*", KEEP).apply(path, "/base"), path).toBeUndefined();
      expect(pathEdit("/*", KEEP).apply(path, ""), path).toBe(path);
      expect(pathEdit("/api/*", KEEP).apply(`/api${path}`, "/base"), path).toBe(`/base/api${path}`);
    }
  });

  test.each(edits.slice(0, 3))(
    "%s: no reading of any result leaves them, and nothing else is refused",
    (_, options, base) => {
      const edit = pathEdit("/api/*", options);
      const folder = base + (options.rewrite === undefined ? "" : "/v2");
      fc.assert(
        fc.property(ambiguousPaths, (rest) => {
          const result = edit.apply(`/api${rest}`, base);
          expect(result).toBe(twinReadings(rest).climbs ? undefined : folder + rest);
          if (result === undefined || folder === "") return;
          for (const reading of twinReadings(result).texts)
            expect(`${reading}/`.startsWith(`${folder}/`), reading).toBe(true);
        }),
        { numRuns: 200 },
      );
    },
  );
});

test.each([
  ["v2{rest}", /must begin with \//],
  ["http://a{rest}", /must begin with \//],
  ["{rest}x", /must begin with \//],
  ["/v2/{rest}", /has a slash before \{rest\}/],
  ["/v2{host}", /the placeholder \{host\}. Allowed placeholders are \{rest\}, \{path\}/],
  ["/v2{}", /the placeholder \{\}/],
  ["/v2{rest", /not part of a placeholder/],
  ["/v2#x", /cannot have a fragment/],
  ["/v2\r\nX: y", /control character/],
  ["/v2\\x", /backslash/],
])("the rewrite %j is not valid", (rewrite, message) => {
  expect(() => pathEdit("/api/*", { stripPrefix: true, rewrite })).toThrow(message);
});
