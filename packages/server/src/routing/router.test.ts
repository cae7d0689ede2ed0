import { createHmac } from "node:crypto";
import { beforeEach, expect, test } from "vitest";
import { HttpsRedirect, type RequestHead } from "@postern/gateway";
import { MemoryLeaseStore } from "../names/memory-lease-store.js";
import { ProbeRoute } from "../tunnels/probe-route.js";
import type { Tunnel } from "../tunnels/tunnel.js";
import { TunnelRegistry } from "../tunnels/tunnel-registry.js";
import { PublicAddress } from "./public-address.js";
import { Router } from "./router.js";

let registry: TunnelRegistry;
let tunnels = 0;
beforeEach(() => {
  registry = new TunnelRegistry(new MemoryLeaseStore(() => 0));
});

function router(redirect?: HttpsRedirect): Router {
  return new Router({ domain: "example.com", registry, redirect, takeBaseDomain() {} });
}

/** A tunnel that serves `name`. */
function serve(name: string): Tunnel {
  const tunnel = { name, id: `tunnel-${++tunnels}`, epoch: 0, kind: "upstream", checkAlive() {} };
  const served = Object.assign(tunnel, { probe: new ProbeRoute(tunnel as unknown as Tunnel) }) as unknown as Tunnel;
  registry.add(served, { owner: "ann", instance: "one" });
  return served;
}

const head = (host: string, path = "/", probe = ""): RequestHead =>
  ({ method: "GET", host, path, fieldValue: () => probe }) as unknown as RequestHead;

test("a subdomain is its tunnel", () => {
  const shop = serve("shop");
  expect(router().route(head("shop.example.com"), { proto: "http" })).toBe(shop);
});

test.for(["example.com", "", "192.0.2.1", "[2001:db8::1]"])("%j is the base domain", (host) => {
  expect(router().route(head(host), { proto: "http" }).kind).not.toMatch(/upstream|refusal/);
});

test.for(["shop.example.com", "a.shop.example.com", "other.example", "notexample.com"])(
  "%s without a tunnel is unknown",
  (host) => {
    expect(router().route(head(host), { proto: "http" })).toMatchObject({ refusal: { code: "PN_TUNNEL_UNKNOWN" } });
  },
);

test("a request without TLS to a listener that requires it is refused", () => {
  serve("shop");
  const plain = router().route(head("shop.example.com"), { proto: "http", lacksTls: true });
  expect(plain).toMatchObject({ refusal: { code: "PN_HTTP_PLAIN" } });
});

test("a suspicious path is refused if the server blocks them, and otherwise passed on", () => {
  const shop = serve("shop");
  const climbing = head("shop.example.com", "/a/%2e%2e/b");
  const blocking = new Router({
    domain: "example.com",
    registry,
    redirect: undefined,
    blocksSuspiciousPaths: true,
    takeBaseDomain() {},
  });
  expect(blocking.route(climbing, { proto: "http" })).toMatchObject({
    refusal: { code: "PN_TUNNEL_PATH", status: 400 },
  });
  expect(blocking.route(head("shop.example.com", "/a/b?c=.."), { proto: "http" })).toBe(shop);
  expect(router().route(climbing, { proto: "http" })).toBe(shop);
});

test("a name whose client dropped is away", () => {
  registry.remove(serve("shop"), "dropped");
  expect(router().route(head("shop.example.com"), { proto: "http" })).toMatchObject({
    refusal: { code: "PN_TUNNEL_AWAY" },
  });
});

test("a name whose client stopped is offline, without a time to retry", () => {
  registry.remove(serve("shop"), "stopped");
  const route = router().route(head("shop.example.com"), { proto: "http" });
  expect(route).toMatchObject({ refusal: { status: 503, code: "PN_TUNNEL_OFFLINE" } });
  expect(route).not.toHaveProperty("refusal.retryAfter");
});

test("a probe goes to the tunnel with the id that signed it", () => {
  const [one, two] = [serve("shop"), serve("shop")];
  const nonce = "0".repeat(32);
  const proof = createHmac("sha256", two.id).update(nonce).digest("hex");
  expect(router().route(head("shop.example.com", "/", `${nonce}.${proof}`), { proto: "http" })).toBe(two.probe);
  const forged = router().route(head("shop.example.com", "/", `${nonce}.${"0".repeat(64)}`), { proto: "http" });
  expect([one, two]).toContain(forged);
});

test("with a redirect, only requests over HTTP are sent to HTTPS", () => {
  const shop = serve("shop");
  const address = new PublicAddress({ domain: "example.com", hasTls: true });
  const redirect = new HttpsRedirect({
    exempt: ["/plain"],
    isServed: (host) => router().isServed(host),
    urlOf: (host) => address.urlOf(host),
  });
  const routed = (path: string, proto: "http" | "https", host = "shop.example.com"): object =>
    router(redirect).route(head(host, path), { proto });
  expect(routed("/cart", "http")).toMatchObject({ location: "https://shop.example.com:0/cart" });
  expect(routed("/plain/a", "http")).toBe(shop);
  expect(routed("/cart", "https")).toBe(shop);
  for (const host of ["example.com", "203.0.113.1"])
    expect(routed("/", "http", host)).toMatchObject({ location: `https://${host}:0/` });
  // Anybody may have written another host, and a cache could keep the redirect.
  for (const host of ["evil.example", "example.com.evil.example"])
    expect(routed("/cart", "http", host)).toMatchObject({ refusal: { code: "PN_TUNNEL_UNKNOWN" } });
});
