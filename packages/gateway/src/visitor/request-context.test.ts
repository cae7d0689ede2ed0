import { expect, test } from "vitest";
import { FakeUpstream } from "../exchange/fake-visitors.suite.js";
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

test("targets get no cookies by which this gateway knows visitors, also when a request is sent twice", () => {
  const upstream = new FakeUpstream();
  const gateway = new Gateway(() => upstream.route, { proto: "http", ownCookies: () => "0123abcd" });
  const connection = new MemoryConnection();
  gateway.accept(connection);
  const cookiesOf = (...lines: string[]): string[] => {
    connection.arrive(Buffer.from(`GET / HTTP/1.1\r\nHost: a\r\n${lines.map((line) => `${line}\r\n`).join("")}\r\n`));
    upstream.stream.break({ cause: "refused", delivered: 0 });
    const sent = upstream.streams.map(({ text }) => text.match(/^cookie:.*$/gim) ?? []);
    for (const each of sent) expect(each).toEqual(sent[0]);
    upstream.streams.length = 0;
    return sent[0] ?? [];
  };
  const own = "__Host-postern_session_0123abcd_x=1";
  const other = "__Host-postern_session_4567cdef_x=1";
  expect(cookiesOf("Cookie: a=1")).toEqual(["Cookie: a=1"]);
  expect(cookiesOf(`cookie: a=1; ${own}`, `Cookie: b=2; ${own}; ${other}`)).toEqual([`Cookie: a=1; b=2; ${other}`]);
  expect(cookiesOf(`COOKIE: ${own}`)).toEqual([]);
  expect(cookiesOf("Cookie: a=2")).toEqual(["Cookie: a=2"]);
  void gateway.drain(0);
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
