import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { redirectLocation } from "./redirect-location.js";
import { ambiguousPaths, TRAVERSALS } from "./routes.suite.js";

function locationOf(to: string, path: string, route = "/old/*", host = "a.test"): string | undefined {
  return redirectLocation({ path: route, host: "a.test" }, to)({ host, path });
}

describe("a redirect", () => {
  test.each([
    ["/new", "/old/x", "/new"],
    ["/new", "/old/x?a=1", "/new?a=1"],
    ["/new{rest}", "/old/x?a=1", "/new/x?a=1"],
    ["/new{rest}", "/old", "/new"],
    ["{rest}", "/old/x", "/x"],
    ["{rest}", "/old?x", "/?x"],
    ["https://b.test{path}", "/old/x?a", "https://b.test/old/x?a"],
    ["https://b.test", "/old/x?a", "https://b.test?a"],
    ["https://{host}:8443{path}", "/old/x", "https://a.test:8443/old/x"],
    ["https://www.{host}{rest}", "/old", "https://www.a.test"],
    ["http://[::1]:80{rest}", "/old/x", "http://[::1]:80/x"],
    ["/new?from={path}", "/old/x&y=z?lost", "/new?from=/old/x%26y=z"],
    ["/new?a=1{query}", "/old/x?b=2", "/new?a=1&b=2"],
    ["/new?a=1{query}", "/old/x", "/new?a=1"],
    ["/new{query}", "/old/x?b", "/new?b"],
    ["/new{rest}#top", "/old/x?b", "/new/x?b#top"],
    ["/new{rest}", "/old/caf%C3%A9%2F%20", "/new/caf%C3%A9%2F%20"],
    ["/neu/größe", "/old", "/neu/gr%C3%B6%C3%9Fe"],
    ["https://b.test{path}", "*", "https://b.test/"],
  ])("to %s takes %s to %s", (to, path, expected) => {
    expect(locationOf(to, path, path === "*" ? "/*" : "/old/*")).toBe(expected);
  });
});

describe("a location never names a host that the template does not name", () => {
  const evil = [
    "//evil.test/%2e%2e",
    "//evil.test",
    "/\\evil.test",
    "/\\/evil.test",
    "///evil.test",
    "//evil.test/..;/",
  ];

  test.each(evil)("%s", (path) => {
    expect(locationOf("{path}", path, "/*")).toBeUndefined();
    expect(locationOf("{rest}", `/old${path}`)).toBeUndefined();
  });

  test.each(["{path}", "{rest}", "/new{rest}", "https://b.test{path}", "https://{host}{rest}"])("to %s", (to) => {
    const route = to.includes("{path}") ? "/*" : "/old/*";
    const location = redirectLocation({ path: route, host: "a.test" }, to);
    fc.assert(
      fc.property(fc.oneof(ambiguousPaths, fc.constantFrom(...evil, ...TRAVERSALS)), (path) => {
        const result = location({ host: "a.test", path: to.includes("{path}") ? path : `/old${path}` });
        if (result === undefined) return;
        const { hostname, pathname } = new URL(result, "http://a.test/some/where");
        expect(hostname).toBe(to.startsWith("https://b") ? "b.test" : "a.test");
        if (to.startsWith("/new")) expect(pathname).toMatch(/^\/new(\/|$)/);
      }),
      { numRuns: 500 },
    );
  });

  test("a path that leaves the template's folder is refused", () => {
    for (const path of TRAVERSALS) expect(locationOf("/new{rest}", `/old${path}`), path).toBeUndefined();
  });

  test("nor has it a control character or one beyond ASCII, whatever the request has", () => {
    for (const sign of ["\r\nSet-Cookie: a=b", "\n", "\t/", "\0", "\u00e9", " ", "\u2028"]) {
      expect(locationOf("/new{rest}", `/old/${sign}`)).toBeUndefined();
      expect(locationOf("/new{rest}", `/old?${sign}`)).toBeUndefined();
    }
  });
});

test.each([
  ["new", /must begin with one \//],
  ["//b.test", /must begin with one \//],
  ["/\\b.test", /must begin with one \//],
  ["ftp://b.test", /must begin with one \//],
  ["javascript:alert(1)", /must begin with one \//],
  ["{host}/x", /must begin with one \//],
  ["/{rest}", /a slash before \{rest\}/],
  ["https:///x", /does not name a host/],
  ["https://user@b.test", /does not name a host/],
  ["https://{path}", /does not name a host/],
  ["/new{port}", /the placeholder \{port\}/],
  ["/new#{rest}", /"#\{rest\}" has the placeholder \{rest\}\. A fragment cannot have placeholders\./],
  ["/new\r\nX: y", /control character/],
])("the redirect %j is not valid", (to, message) => {
  expect(() => redirectLocation({ path: "/old/*", host: "a.test" }, to)).toThrow(message);
});

test("{host} needs a route with a host, so that the visitor cannot choose any", () => {
  expect(() => redirectLocation({ path: "/*" }, "https://{host}{path}")).toThrow(/Give it a `host`/);
});
