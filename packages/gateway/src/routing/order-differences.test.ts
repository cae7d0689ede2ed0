import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { orderDifferences } from "./order-differences.js";
import type { RouteMatch } from "./route-match.js";
import type { PlainRequest } from "./routes.suite.js";
import { expectedFinding, firstMatch } from "./table-oracle.suite.js";

/** The pairs, each with the method, host, path and query of its example. */
function differences(...matches: (RouteMatch | string)[]): unknown[] {
  const all = matches.map((match) => (typeof match === "string" ? { path: match } : match));
  return orderDifferences(all).map(({ first, mostSpecific, example }) => [
    first,
    mostSpecific,
    `${example.method} ${example.host}${example.path}`,
  ]);
}

describe("the first route and the most specific one differ", () => {
  test("where a general path comes before a special one", () => {
    expect(differences("/*", "/api/*")).toEqual([[0, 1, "GET example/api/example"]]);
    expect(differences("/api/*", "/api/users")).toEqual([[0, 1, "GET example/api/users"]]);
  });

  test("where a host comes later", () => {
    expect(differences("/api/*", { host: "a.test", path: "/*" })).toEqual([[0, 1, "GET a.test/api/example"]]);
    expect(differences({ host: "*.test", path: "/*" }, { host: "*.a.test", path: "/*" })).toEqual([
      [0, 1, "GET example.a.test/example"],
    ]);
  });

  test("where a condition comes later", () => {
    expect(differences("/x", { path: "/x", methods: ["POST"] })).toEqual([[0, 1, "POST example/x"]]);
    const query = new Map([["k", "a b"]]);
    expect(differences("/x", { path: "/x", query })).toEqual([[0, 1, "GET example/x?k=a%20b"]]);
    const [difference] = orderDifferences([{ path: "/x" }, { path: "/x", headers: new Map([["x-a", "*"]]) }]);
    expect(difference?.example.headers).toEqual(new Map([["x-a", "example"]]));
    const [address] = orderDifferences([{ path: "/*" }, { path: "/x", clientIps: ["10.0.0.0/8"] }]);
    expect(address?.example.address).toBe("10.0.0.0");
  });
});

describe("they are the same", () => {
  test.each<[string, (RouteMatch | string)[]]>([
    ["in the order from special to general", ["/api/users", "/api/*", "/*"]],
    ["for paths that do not overlap", ["/a/*", "/b/*", "/ab", "/c"]],
    [
      "for other hosts",
      [
        { host: "a.test", path: "/*" },
        { host: "b.test", path: "/x" },
      ],
    ],
    [
      "for other methods",
      [
        { path: "/*", methods: ["GET"] },
        { path: "/x", methods: ["POST"] },
      ],
    ],
    [
      "for other values",
      [
        { path: "/*", query: new Map([["k", "1"]]) },
        { path: "/x", query: new Map([["k", "2"]]) },
      ],
    ],
    [
      "for other addresses",
      [
        { path: "/*", clientIps: ["10.0.0.0/8"] },
        { path: "/x", clientIps: ["11.0.0.0/8"] },
      ],
    ],
  ])("%s", (_, matches) => expect(differences(...matches)).toEqual([]));

  test("where routes before them take all that both would take", () => {
    expect(differences("/x", "/*", "/x")).toEqual([]);
    const halves = ["0.0.0.0/1", "128.0.0.0/1", "::/0"].map((range) => ({ path: "/x", clientIps: [range] }));
    expect(differences(...halves, "/*", "/x")).toEqual([]);
    expect(differences(...halves.slice(1), "/*", "/x")).toEqual([[2, 3, "GET example/x"]]);
  });

  test("where more specific routes take all of it", () => {
    const later = [{ path: "/*" }, { path: "/x/*" }, { path: "/x/*", methods: ["GET", "POST"] }];
    expect(differences(...later)).toEqual([
      [0, 1, "EXAMPLE example/x/example"],
      [0, 2, "GET example/x/example"],
    ]);
  });
});

test("examples avoid every host and path of the routes", () => {
  expect(differences("/*", "/example/*", { host: "*.example", path: "/example-2/*" })).toEqual([
    [0, 1, "GET example-3/example/example-3"],
    [0, 2, "GET example-3.example/example-2/example-3"],
  ]);
});

const HOSTS = [undefined, "a.test", "*.a.test", "*.test"];
const PATHS = ["/*", "/a/*", "/a", "/a/b/*", "/a/b"];
const ADDRESSES = ["10.0.0.0/8", "10.1.0.0/16", "10.1.2.3", "0.0.0.0/1", "128.0.0.0/1", "::/0", "::1"];

function maybe<T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.option(arbitrary, { nil: undefined, freq: 2 });
}

const routes = fc.array(
  fc.record<RouteMatch>({
    host: fc.constantFrom(...HOSTS),
    path: fc.constantFrom(...PATHS),
    methods: maybe(fc.subarray(["GET", "POST"], { minLength: 1 })),
    headers: maybe(fc.constantFrom("1", "*").map((value) => new Map([["x", value]]))),
    clientIps: maybe(fc.subarray(ADDRESSES, { minLength: 1 })),
  }),
  { maxLength: 6 },
);

/** Requests with every combination of conditions that such routes can distinguish. */
const universe: PlainRequest[] = [];
for (const host of ["other", "a.test", "x.a.test", "x.test"]) {
  for (const path of ["/", "/z", "/a", "/a/z", "/a/b", "/a/b/z"]) {
    for (const method of ["GET", "HEAD", "POST", "PUT"]) {
      for (const x of [undefined, "1", "2"]) {
        for (const address of ["9.0.0.1", "10.0.0.1", "10.1.0.1", "10.1.2.3", "200.0.0.1", "::1", "::2"]) {
          universe.push({ method, host, path, address, fields: x === undefined ? {} : { x } });
        }
      }
    }
  }
}

test("for random lists, exactly the pairs of some request are found, and each example shows its pair", () => {
  fc.assert(
    fc.property(routes, (matches) => {
      const expected = new Set<string>();
      for (const request of universe) {
        const first = firstMatch(matches, request);
        const chosen = first === undefined ? undefined : expectedFinding(matches, request);
        if (first !== chosen) expected.add(`${first} ${chosen}`);
      }
      const found = orderDifferences(matches);
      expect(new Set(found.map(({ first, mostSpecific }) => `${first} ${mostSpecific}`))).toEqual(expected);
      for (const { first, mostSpecific, example } of found) {
        const request = { ...example, fields: Object.fromEntries(example.headers) };
        expect([firstMatch(matches, request), expectedFinding(matches, request)]).toEqual([first, mostSpecific]);
      }
    }),
    { numRuns: 40 },
  );
});
