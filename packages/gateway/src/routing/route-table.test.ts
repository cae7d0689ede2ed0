import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RequestHead } from "../http/index.js";
import type { RoutedRequest, RouteMatch } from "./route-match.js";
import { RouteTable } from "./route-table.js";
import { matches, requests, routed, type PlainRequest } from "./routes.suite.js";
import { expectedFinding, type Expected } from "./table-oracle.suite.js";

/** A table whose values are the routes' names. */
function tableOf(routes: Record<string, RouteMatch | string>): RouteTable<string> {
  return new RouteTable(
    Object.entries(routes).map(([value, match]) => ({
      match: typeof match === "string" ? { path: match } : match,
      value,
    })),
  );
}

function find<T>(table: RouteTable<T>, request: Partial<PlainRequest> | string): T | string {
  const { value, fault, allowed } = table.find(routed(typeof request === "string" ? { path: request } : request));
  return fault === undefined ? value! : fault === "method" ? `method ${allowed}` : fault;
}

describe("the most specific route wins", () => {
  test("an exact host, then the longest wildcard, then every host", () => {
    const table = tableOf({
      any: "/*",
      wide: { host: "*.test", path: "/*" },
      narrow: { host: "*.a.test", path: "/*" },
      exact: { host: "x.a.test", path: "/*" },
    });
    const route = (host: string): string => find(table, { host });
    expect(["x.a.test", "y.a.test", "z.y.a.test", "a.test", "test", "other.example", ""].map(route)).toEqual([
      "exact",
      "narrow",
      "narrow",
      "wide",
      "any",
      "any",
      "any",
    ]);
  });

  test("an exact path, then the longest prefix", () => {
    const table = tableOf({ all: "/*", api: "/api/*", users: "/api/users/*", exact: "/api/users" });
    expect(find(table, "/api/users")).toBe("exact");
    expect(find(table, "/api/users?all")).toBe("exact");
    expect(find(table, "/api/users/")).toBe("users");
    expect(find(table, "/api/users/7")).toBe("users");
    expect(find(table, "/api")).toBe("api");
    expect(find(table, "/api/usersx")).toBe("api");
    expect(find(table, "/apix")).toBe("all");
    expect(find(table, "/")).toBe("all");
    expect(find(table, { method: "OPTIONS", path: "*" })).toBe("all");
  });

  test("the host before the path", () => {
    const table = tableOf({ path: "/exact", host: { host: "a.test", path: "/*" } });
    expect(find(table, "/exact")).toBe("host");
  });

  test("more conditions, then the file's order", () => {
    const table = tableOf({
      none: "/x",
      one: { path: "/x", methods: ["GET"] },
      two: { path: "/x", headers: new Map([["x-a", "1"]]), query: new Map([["b", "*"]]) },
      other: { path: "/x", clientIps: ["192.0.2.0/24"] },
    });
    expect(find(table, "/x")).toBe("one");
    expect(find(table, { path: "/x?b", fields: { "x-a": "1" } })).toBe("two");
    expect(find(table, { path: "/x", method: "PUT" })).toBe("other");
    expect(find(table, { path: "/x", method: "PUT", address: "10.0.0.1" })).toBe("none");
  });
});

describe("if a condition is not met, the next route is tried", () => {
  test("with a shorter prefix", () => {
    const table = tableOf({ all: "/*", api: { path: "/api/*", methods: ["POST"] } });
    expect(find(table, "/api/x")).toBe("all");
    expect(find(table, { path: "/api/x", method: "POST" })).toBe("api");
  });

  test("for a less specific host", () => {
    const table = tableOf({
      any: "/a/*",
      wild: { host: "*.test", path: "/b" },
      exact: { host: "a.test", path: "/c", query: new Map([["k", "v"]]) },
    });
    expect(find(table, "/c?k=v")).toBe("exact");
    expect(find(table, "/b")).toBe("wild");
    expect(find(table, "/a")).toBe("any");
    expect(find(table, "/c")).toBe("unknown");
  });

  test("405 names the methods of all routes where only the method failed", () => {
    const table = tableOf({
      get: { path: "/x", methods: ["GET"] },
      put: { path: "/*", methods: ["PUT"] },
      hidden: { path: "/x", methods: ["DELETE"], headers: new Map([["x-a", "1"]]) },
    });
    expect(find(table, { path: "/x", method: "POST" })).toBe("method GET, HEAD, PUT");
    expect(find(table, { path: "/y", method: "POST" })).toBe("method PUT");
  });
});

describe("conditions", () => {
  test("GET includes HEAD", () => {
    expect(find(tableOf({ get: { path: "/*", methods: ["GET"] } }), { method: "HEAD" })).toBe("get");
  });

  test("headers have the value, or any", () => {
    const headers = new Map([
      ["x-a", "1"],
      ["x-b", "*"],
    ]);
    const table = tableOf({ route: { path: "/*", headers } });
    expect(find(table, { fields: { "x-a": "1", "x-b": "anything" } })).toBe("route");
    for (const fields of [{ "x-a": "1" }, { "x-a": "2", "x-b": "0" }, {}])
      expect(find(table, { fields })).toBe("unknown");
  });

  test.each([
    ["/?k=v", true],
    ["/?a&k=v&b=1", true],
    ["/?%6b=%76", true],
    ["/?k=v&k=v", true],
    ["/?k=v&k=w", false],
    ["/?k=w", false],
    ["/?k", false],
    ["/?K=v", false],
    ["/", false],
    ["/k=v", false],
  ])("the query of %s has k=v: %s", (path, expected) => {
    const table = tableOf({ route: { path: "/*", query: new Map([["k", "v"]]) } });
    expect(find(table, path)).toBe(expected ? "route" : "unknown");
  });

  test("query values are compared as UTF-8, and + is a space", () => {
    const table = tableOf({ route: { path: "/*", query: new Map([["q", "é b"]]) } });
    for (const path of ["/?q=%C3%A9+b", "/?q=%c3%a9%20b"]) expect(find(table, path)).toBe("route");
  });

  test("any value of a parameter, also none and several", () => {
    const table = tableOf({ route: { path: "/*", query: new Map([["k", "*"]]) } });
    for (const path of ["/?k", "/?k=", "/?k=1&k=2"]) expect(find(table, path)).toBe("route");
    expect(find(table, "/?j")).toBe("unknown");
  });

  test("addresses, in networks", () => {
    const table = tableOf({ route: { path: "/*", clientIps: ["10.0.0.0/8", "2001:db8::/32"] } });
    for (const address of ["10.1.2.3", "2001:db8::7"]) expect(find(table, { address })).toBe("route");
    for (const address of ["11.0.0.1", "::1", ""]) expect(find(table, { address })).toBe("unknown");
  });
});

describe("conditions on the head of a real request", () => {
  const head = new RequestHead();

  /** The head as routing reads it. */
  function read(...lines: string[]): RoutedRequest {
    const bytes = Buffer.from(["GET / HTTP/1.1", "Host: a.test", ...lines, "", ""].join("\r\n"));
    expect(head.read(bytes, 0, bytes.length)).toBe(bytes.length);
    const { method, host, path } = head;
    return { method, host, path, address: "", fieldValue: (name, field) => head.fieldValue(name, field) };
  }

  test.each([
    ["x-v", "1", ["X-V: 1"], true],
    ["x-v", "1", ["X-V:1"], true],
    ["x-v", "1", ["X-V: 1", "x-v: 1"], false],
    ["x-v", "1", ["X_V: 1"], false],
    // The target does not receive a field that Connection names.
    ["x-v", "1", ["X-V: 1", "Connection: x-v"], false],
    ["upgrade", "websocket", ["Connection: upgrade", "Upgrade: websocket"], true],
    ["accept", "text/html", ["Accept: text/html"], true],
    ["accept", "*", [], false],
    ["host", "a.test", [], true],
  ] as const)("%s = %s and %j: %s", (name, value, lines, expected) => {
    const table = new RouteTable([{ match: { path: "/*", headers: new Map([[name, value]]) }, value: true }]);
    expect(table.find(read(...lines)).value ?? false).toBe(expected);
  });
});

describe("paths with escapes in routes", () => {
  const table = tableOf({ all: "/*", café: "/café/*", plain: "/a%20b%41", brackets: "/%5Bx%5D" });

  test.each([
    ["/caf%C3%A9/x", "café"],
    ["/caf%c3%a9", "café"],
    ["/caf%C3%A9x", "all"],
    ["/a%20bA", "plain"],
    ["/[x]", "brackets"],
  ])("%s", (path, expected) => expect(find(table, path)).toBe(expected));

  test("other spellings of them would reach another route", () => {
    for (const path of ["/caf%C3%a9", "/c%61f%C3%A9", "/a%20b%41", "/%5Bx]"]) expect(find(table, path)).toBe("path");
  });
});

describe("a path that servers may read as one of another route is refused", () => {
  const table = tableOf({ all: "/*", admin: "/admin/*", api: "/api/*", users: "/api/users/*", exact: "/exact" });

  const refused = [
    "/%61dmin/x /%2561dmin /x/../admin /x/..%2fadmin /x%2f..%2fadmin /x/%2e%2e/admin",
    "/api/..;/admin /api/;/../../admin //admin /;x/admin /admin;x/y /./admin /.;/admin",
    "/\\admin /x\\..\\admin /%5cadmin /api%2fusers /api/x/..%2f../y /api/users/../x",
    "/api/x/%2e%2e%2fusers /api/x%5c..%5cusers /api/%252e%252e/x /%c0%ae%c0%ae/admin /%u0061dmin",
    "/x/../exact /exact%3bx /exact/. /exac%74 /admin/.. /api/users//../x",
  ].flatMap((line) => line.split(" "));

  test.each(refused)("%s", (path) => expect(find(table, path)).toBe("path"));

  test.each([
    ["/x%20y", "all"],
    ["/api/a%2fb", "api"],
    ["/api/a/../b", "api"],
    ["/api//b", "api"],
    ["/api/.", "api"],
    ["/api/a;v=1/b", "api"],
    ["/api/caf%C3%A9", "api"],
    ["/api/users/100%25", "users"],
    ["/api/%", "api"],
    ["/api/.hidden", "api"],
    ["/api/users/%2e%2e%2fusers/x", "users"],
    ["/docs/https%3A%2F%2Fexample.com%2F", "all"],
  ])("%s passes, since each reading leads to the same route", (path, expected) => {
    expect(find(table, path)).toBe(expected);
  });

  test("a single route with a prefix does not let a path leave it", () => {
    const single = tableOf({ api: "/api/*" });
    for (const path of ["/api/..", "/api/%2e%2e%2fx", "/api/..;/x"]) expect(find(single, path)).toBe("path");
    expect(find(single, "/api/x/../y")).toBe("api");
  });

  test("a path that is too long for the number of its readings", () => {
    const kinds = "/a;b//c%2e%2fd";
    expect(find(table, `${kinds}/${"x".repeat(1_000)}`)).toBe("all");
    expect(find(table, `${kinds}/${"x".repeat(30_000)}`)).toBe("path");
    expect(find(table, `/a%2fb/${"x".repeat(30_000)}`)).toBe("all");
  });

  test("conditions count: readings lead to the routes of the same request", () => {
    const guarded = tableOf({ all: "/*", admin: { path: "/admin/*", methods: ["POST"] } });
    expect(find(guarded, "/x/../admin")).toBe("all");
    expect(find(guarded, { path: "/x/../admin", method: "POST" })).toBe("path");
  });

  test("if one route takes every path, all paths pass, except those with NUL", () => {
    const one = tableOf({ all: "/*" });
    for (const path of ["/..", "//x", "/%2e%2e%2f", "/a;b\\c", "/%252500"]) expect(find(one, path)).toBe("all");
    for (const path of ["/%00", "/a%00b", "/\0", "/%c0%80"]) expect(find(one, path)).toBe("path");
    expect(find(one, "/?x=%00")).toBe("all");
  });
});

describe("routes that are not valid", () => {
  test.each([
    [{ path: "api" }, /must begin with \//],
    [{ path: "/api*" }, /may have a \* only at its end/],
    [{ path: "/a/*/b" }, /may have a \* only at its end/],
    [{ path: "/a?b" }, /cannot have a query/],
    [{ path: "/a%2" }, /a % that does not begin an escape/],
    [{ path: "/a/../b" }, /cannot match a request/],
    [{ path: "/a//*" }, /cannot match a request/],
    [{ path: "/a%2fb" }, /cannot match a request/],
    [{ path: "/a;b" }, /cannot match a request/],
    [{ path: "/a%00" }, /cannot match a request/],
    [{ path: "/", host: "A.test" }, /not a host in lower case/],
    [{ path: "/", host: "a.test:80" }, /not a host in lower case/],
    [{ path: "/", host: "*" }, /not a host in lower case/],
    [{ path: "/", host: "a.*.test" }, /not a host in lower case/],
    [{ path: "/", methods: [] }, /takes no request/],
    [{ path: "/", clientIps: ["10.0.0.0/33"] }, /not an IP address or a network/],
    [{ path: "/", headers: new Map([["a b", "1"]]) }, /not a header name/],
    [{ path: "/", headers: new Map([["a", ""]]) }, /needs a value/],
    [{ path: "/", headers: new Map([["x-forwarded-proto", "https"]]) }, /visitors can forge it/],
    [{ path: "/", headers: new Map([["x_real_ip", "*"]]) }, /visitors can forge it/],
  ] as [RouteMatch, RegExp][])("%j", (match, message) => {
    expect(() => tableOf({ route: match })).toThrow(message);
  });
});

test("random tables find what trying all routes finds", () => {
  fc.assert(
    fc.property(
      fc.array(matches, { maxLength: 10 }),
      fc.array(requests, { minLength: 5, maxLength: 5 }),
      (all, asked) => {
        const table = new RouteTable(all.map((match, value) => ({ match, value })));
        for (const request of asked) {
          const found: Expected = find(table, request) as Expected;
          expect(found, JSON.stringify(request)).toBe(expectedFinding(all, request));
        }
      },
    ),
    { numRuns: 800 },
  );
});
