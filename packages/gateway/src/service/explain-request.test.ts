import { readFileSync } from "node:fs";
import { expect, onTestFinished, test } from "vitest";
import { readCertificate } from "@postern/net";
import { CertificateAuthority, exchange, needs } from "@postern/testkit";
import { explainRequest, type ExplainedRequest, type RequestToExplain } from "./explain-request.js";
import { startGateway } from "./gateway-service.js";
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

const REQUEST = { scheme: "http", authority: "a.example:8080", headers: [], address: "127.0.0.1" } as const;

function explained(
  path: string,
  method = "GET",
  { serviceEndpoints = true, ...rest }: Partial<RequestToExplain> & { serviceEndpoints?: boolean } = {},
): ExplainedRequest {
  const request = { ...REQUEST, method, path, ...rest };
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
  const request = { ...REQUEST, method: "GET", path: "/health" };
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

test("the redirect to HTTPS: what a gateway responds to a request over HTTP, before any route", async (context) => {
  needs(context, "openssl");
  const files = new CertificateAuthority(onTestFinished).issue({ names: ["a.example", "*.wild.example"] });
  const certificate = readCertificate({ certificate: readFileSync(files.certificate), key: readFileSync(files.key) });
  const respond = { kind: "respond", status: 200, text: "here" } as const;
  const routes: RouteOptions[] = [
    { name: "/*", match: { path: "/*" }, action: respond },
    { name: "shop", match: { host: "shop.example", path: "/*" }, action: respond },
  ];
  const tls = {
    listen: "127.0.0.1:0",
    certificates: [certificate],
    redirect: true,
    redirectExempt: ["/.well-known", "/up/"],
  };
  const gateway = await startGateway({ listen: "127.0.0.1:0", version: "1", routes, tls });
  onTestFinished(() => gateway.stop());
  const listening = { ...tls, listen: gateway.secureAddress! };

  for (const authority of ["a.example", "b.wild.example:8080", "shop.example", "localhost", "[::1]:80", "no.example"])
    for (const path of ["/", "/a?b", "/.well-known/x", "/.well-known/../a", "/up", "/upx"])
      for (const method of ["GET", "HEAD", "POST"]) {
        const request = { ...REQUEST, authority, path, method };
        const { httpsRedirect, isExempt, refusal, routing } = explainRequest(routes, request, {
          serviceEndpoints: true,
          tls: listening,
        });
        const { status, headers } = await exchange(Number(gateway.address.split(":").at(-1)), {
          host: authority,
          path,
          method,
        });
        const about = `${method} http://${authority}${path}`;
        if (status === 200) {
          expect([isExempt, httpsRedirect, routing.value?.action], about).toEqual([true, undefined, respond]);
          continue;
        }
        expect([isExempt, routing.value, routing.candidates], about).toEqual([false, undefined, []]);
        if (status === 421) expect([httpsRedirect, refusal], about).toEqual([undefined, "PN_HTTP_HOST_UNKNOWN"]);
        else expect([httpsRedirect, refusal], about).toEqual([{ status, location: headers.location }, undefined]);
      }
});

test("a request over HTTPS, or to a gateway without the redirect, goes to its route", async (context) => {
  needs(context, "openssl");
  const files = new CertificateAuthority(onTestFinished).issue({ names: ["a.example"] });
  const certificate = readCertificate({ certificate: readFileSync(files.certificate), key: readFileSync(files.key) });
  const tls = { listen: "127.0.0.1:8443", certificates: [certificate], redirect: true };
  for (const { scheme, gateway } of [
    { scheme: "https", gateway: { serviceEndpoints: true, tls } },
    { scheme: "http", gateway: { serviceEndpoints: true, tls: { ...tls, redirect: false } } },
  ] as const)
    expect(explainRequest(ROUTES, { ...REQUEST, scheme, method: "GET", path: "/old/a" }, gateway)).toMatchObject({
      location: "/new/a",
      httpsRedirect: undefined,
      isExempt: false,
    });
});
