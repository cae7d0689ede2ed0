import { expect, test } from "vitest";
import { explainRequest, type ExplainedRequest, type RequestToExplain } from "./explain-request.js";
import type { RouteOptions } from "./service-options.js";

const limits = { answer: 0, idle: 0, body: 0 };
const ROUTES: RouteOptions[] = [
  {
    name: "/api/*",
    match: { path: "/api/*" },
    action: { kind: "forward", targets: [{ url: "http://127.0.0.1:3000/base" }], stripPrefix: true, limits },
  },
  { name: "old", match: { path: "/old/*" }, action: { kind: "redirect", to: "/new{rest}", status: 301 } },
  {
    name: "docs",
    match: { path: "/docs/*" },
    action: { kind: "files", files: { directory: "/srv/manual" }, stripPrefix: true },
  },
  {
    name: "post",
    match: { path: "/form", methods: ["POST"] },
    action: { kind: "forward", targets: [{ url: "tunnel://web" }], stripPrefix: false, limits },
  },
  {
    name: "inside",
    match: { path: "/in/*", headers: new Map([["x-city", "Köln"]]), clientIps: ["10.0.0.0/8"] },
    action: { kind: "respond", status: 200, text: "in" },
  },
];

function explained(
  path: string,
  method = "GET",
  { serviceEndpoints = true, ...rest }: Partial<RequestToExplain> & { serviceEndpoints?: boolean } = {},
): ExplainedRequest {
  const request = { method, authority: "a.example:8080", path, headers: [], address: "127.0.0.1", ...rest };
  return explainRequest(ROUTES, request, { serviceEndpoints });
}

test("a request to a target: the route, and what the target gets", () => {
  const { routing, targets, refusal } = explained("/api/users?x=1");
  expect([routing.value?.name, refusal]).toEqual(["/api/*", undefined]);
  expect(targets).toEqual([{ url: "http://127.0.0.1:3000/base", path: "/base/users?x=1", host: "127.0.0.1:3000" }]);
  expect(routing.candidates.map(({ value, takes }) => [value.name, takes])).toContainEqual(["old", "no"]);
});

test("files: the folder, and the path in it", () => {
  expect(explained("/docs/a%20b?x")).toMatchObject({
    folder: { directory: "/srv/manual", path: "/a%20b" },
    refusal: undefined,
  });
  expect(explained("/docs/%2e%2e/a").refusal).toBe("PN_ROUTE_PATH");
  expect(explained("/old/a").folder).toBeUndefined();
});

test("a page for monitors takes precedence over a route that comes after them", () => {
  const last = { kind: "files", files: { directory: "/srv" }, stripPrefix: false } as const;
  const route = { name: "/*", match: { path: "/*" }, action: last };
  const request = { method: "GET", authority: "a", path: "/health", headers: [], address: "127.0.0.1" };
  const answer = (afterEndpoints: boolean): boolean =>
    explainRequest([{ ...route, afterEndpoints }], request, { serviceEndpoints: true }).isServiceEndpoint;
  expect([answer(true), answer(false)]).toEqual([true, false]);
});

test("a redirect: its location", () => {
  expect(explained("/old/a?b")).toMatchObject({ location: "/new/a?b", refusal: undefined });
});

test("a request without a route: the code of the refusal, or the page for monitors", () => {
  expect(explained("/form").refusal).toBe("PN_ROUTE_METHOD");
  expect(explained("/form", "POST").targets).toEqual([{ url: "tunnel://web", path: "/form", host: "the tunnel's" }]);
  expect(explained("/nothing").refusal).toBe("PN_ROUTE_UNKNOWN");
  expect(explained("/api/%2e%2e/form").refusal).toBe("PN_ROUTE_PATH");
  expect(explained("/health")).toMatchObject({ isServiceEndpoint: true, refusal: undefined });
  expect(explained("/health", "GET", { serviceEndpoints: false })).toMatchObject({
    isServiceEndpoint: false,
    refusal: "PN_ROUTE_UNKNOWN",
  });
});

test("header fields and the visitor's address are compared as in a request", () => {
  const from = (address: string, ...headers: [string, string][]): string | undefined =>
    explained("/in/x", "GET", { headers, address }).routing.value?.name;
  expect(from("10.1.2.3", ["X-City", "Köln"])).toBe("inside");
  expect(from("10.1.2.3", ["X-City", "Köln"], ["x-city", "Köln"])).toBeUndefined();
  expect(from("10.1.2.3")).toBeUndefined();
  expect(from("192.0.2.1", ["X-City", "Köln"])).toBeUndefined();
});

test("a head that the gateway refuses is an error with the code of the refusal", () => {
  expect(() => explained("/old/", "GET", { headers: [["Content-Length", "x"]] })).toThrow(/PN_HTTP_CONTENT_LENGTH/);
});
