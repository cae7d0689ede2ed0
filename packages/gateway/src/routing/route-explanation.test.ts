import { describe, expect, test } from "vitest";
import { RouteTable } from "./route-table.js";
import { routed, type PlainRequest } from "./routes.suite.js";

const table = new RouteTable([
  { value: "all", match: { path: "/*" } },
  { value: "api", match: { path: "/api/*", methods: ["POST"], headers: new Map([["x-a", "1"]]) } },
  { value: "users", match: { path: "/api/users/*", query: new Map([["v", "2"]]), clientIps: ["10.0.0.0/8"] } },
  { value: "shop", match: { host: "*.shop.test", path: "/Café" } },
]);

function explained(request: Partial<PlainRequest>): Record<string, unknown> {
  const { candidates, ...rest } = table.explain(routed(request));
  return { ...rest, candidates: candidates.map(({ value, takes, mismatches }) => [value, takes, ...mismatches]) };
}

describe("an explanation", () => {
  test("lists the routes in the order in which they are tried, and why each does not take the request", () => {
    expect(explained({ path: "/api/users/7?v=1" })).toEqual({
      value: "all",
      fault: undefined,
      allowed: "",
      ambiguity: undefined,
      candidates: [
        ["shop", "no", { kind: "host", expected: "*.shop.test" }, { kind: "path", expected: "/Caf%C3%A9" }],
        ["users", "no", { kind: "query", name: "v", expected: "2" }, { kind: "address", expected: ["10.0.0.0/8"] }],
        ["api", "no", { kind: "method", expected: ["POST"] }, { kind: "header", name: "x-a", expected: "1" }],
        ["all", "first"],
      ],
    });
  });

  test("shows the less specific routes that take the request too", () => {
    const { value, candidates } = table.explain(routed({ path: "/api/users/7?v=2", address: "10.0.0.1" }));
    expect(value).toBe("users");
    expect(candidates.map((each) => `${each.value}: ${each.takes}`)).toEqual([
      "shop: no",
      "users: first",
      "api: no",
      "all: later",
    ]);
  });

  test("names the positions of the routes, their hosts and paths", () => {
    const [shop] = table.explain(routed({})).candidates;
    expect(shop).toMatchObject({ index: 3, host: "*.shop.test", path: "/Caf%C3%A9" });
  });
});

describe("a path that is refused", () => {
  test("shows the reading, and the route that takes it", () => {
    const request = { path: "/x/..%2fapi", method: "POST", fields: { "x-a": "1" } };
    expect(explained(request)).toMatchObject({
      fault: "path",
      value: undefined,
      ambiguity: { kind: "reading", path: "/api", value: "api" },
    });
  });

  test("shows NUL, and too many readings", () => {
    expect(explained({ path: "/a%00" })["ambiguity"]).toEqual({ kind: "nul" });
    const path = `/..;/\\%2e%2f%5c%3b//${"a".repeat(20_000)}`;
    expect(explained({ path })["ambiguity"]).toEqual({ kind: "readings" });
  });
});

test("without a route, the fault and the methods that are taken", () => {
  const single = new RouteTable([{ value: "a", match: { path: "/a", methods: ["GET"] } }]);
  expect(single.explain(routed({ path: "/b" }))).toMatchObject({ fault: "unknown", value: undefined, allowed: "" });
  expect(single.explain(routed({ path: "/a", method: "PUT" }))).toMatchObject({
    fault: "method",
    allowed: "GET, HEAD",
  });
});
