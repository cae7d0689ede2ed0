import { expect, test } from "vitest";
import { Gateway } from "../gateway.js";
import { refusals } from "../http/index.js";
import { DENIED, QuickStep, stepsOf } from "../middleware/chain/scripted-steps.suite.js";
import { MemoryConnection } from "../memory-relay.suite.js";
import type { Route } from "../route.js";
import { TrustedProxies } from "./trusted-proxies.js";

const UNKNOWN: Route = { kind: "refusal", refusal: refusals.PN_TUNNEL_UNKNOWN };

/** The addresses that the router gets for two requests with X-Forwarded-For on one connection. */
function routedAddresses(trustedProxies: TrustedProxies): string[] {
  const addresses: string[] = [];
  const router = (_head: unknown, _info: unknown, address: string): Route => (addresses.push(address), UNKNOWN);
  const gateway = new Gateway(router, { proto: "http", trustedProxies });
  const connection = new MemoryConnection();
  gateway.accept(connection);
  for (const address of ["198.51.100.1", "198.51.100.2"])
    connection.arrive(Buffer.from(`GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: ${address}\r\n\r\n`));
  void gateway.drain(0);
  return addresses;
}

test("the router gets the visitor's address, which a trusted proxy reports for each request", () => {
  expect(routedAddresses(new TrustedProxies(["192.0.2.1"]))).toEqual(["198.51.100.1", "198.51.100.2"]);
  expect(routedAddresses(new TrustedProxies())).toEqual(["192.0.2.1", "192.0.2.1"]);
});

test("a request that has come back too often is refused before any step, which might send it around once more", () => {
  const step = new QuickStep(() => DENIED);
  const route: Route = { kind: "respond", page: DENIED, steps: stepsOf(step) };
  const gateway = new Gateway(() => route, { proto: "http" });
  const connection = new MemoryConnection();
  gateway.accept(connection);
  const id = gateway.forwarding.loops.line.slice("CDN-Loop: ".length, -2);
  const visit = (passages: number): string => {
    connection.arrive(Buffer.from(`GET / HTTP/1.1\r\nHost: a\r\nCDN-Loop: ${`${id}, `.repeat(passages)}x\r\n\r\n`));
    return connection.take().slice(0, "HTTP/1.1 200".length);
  };
  expect([visit(3), visit(4), step.seen.length]).toEqual(["HTTP/1.1 403", "HTTP/1.1 508", 1]);
  void gateway.drain(0);
});
