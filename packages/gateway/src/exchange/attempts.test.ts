import type { BreakCause } from "@postern/net";
import { describe, expect, test } from "vitest";
import { Latency } from "../balance/latency.js";
import { CircuitBreaker } from "../health/circuit-breaker.js";
import { Epochs } from "../health/epochs.js";
import { FakeClock } from "../deadlines/fake-clock.suite.js";
import { TARGET_HOST } from "../route.js";
import { Pool } from "../upstream/pool.js";
import { PooledTarget } from "../upstream/pooled-target.js";
import { FakeUpstream, StructuredRequest, StructuredVisitor } from "./fake-visitors.suite.js";

const GET = new StructuredRequest("GET");
const POST = new StructuredRequest("POST", { length: 5 });
const OK = "HTTP/1.1 204 No Content\r\n\r\n";

/** Targets with addresses, and a pool of all of them behind the route of the first. */
function pooled(count: number): FakeUpstream[] {
  const all = Array.from({ length: count }, (_, n) => new FakeUpstream({ authority: `t${n}:80` }));
  const [first] = all as [FakeUpstream];
  first.route.pool = new Pool(all.map(({ target }) => target));
  return all;
}

/** The upstream of the latest attempt: the one whose last stream still waits for its response. */
function latest(all: FakeUpstream[]): FakeUpstream {
  return all.find(({ target }) => target.inUse > 0) as FakeUpstream;
}

const dials = (all: FakeUpstream[]): number[] => all.map(({ streams }) => streams.length);

describe("a target that refuses the connection", () => {
  test("costs a request nothing while another target of its pool accepts one, with any method and body", () => {
    const all = pooled(3);
    const visitor = new StructuredVisitor(all[0] as FakeUpstream, POST);
    visitor.upload("hel");
    latest(all).stream.break({ cause: "refused", delivered: 0 });
    visitor.upload("lo");
    latest(all).stream.break({ cause: "timeout", delivered: 0 });
    visitor.exchange.bodyEnd();
    const last = latest(all);
    last.stream.arrive(Buffer.from(OK));
    expect([visitor.status, visitor.events, dials(all)]).toEqual([204, ["end", "done"], [1, 1, 1]]);
    expect(last.stream.text).toMatch(/^POST .*\r\n\r\nhello$/s);
    expect(all[0]?.attempts).toEqual(["refused", 0, "timeout", 0, "status", 204]);
  });

  test("is tried once, and the visitor gets 503 when all have failed", () => {
    const all = pooled(3);
    const visitor = new StructuredVisitor(all[0] as FakeUpstream, POST);
    for (const cause of ["timeout", "timeout", "refused"] as const) {
      latest(all).stream.break({ cause, delivered: 0 });
    }
    expect([visitor.events, dials(all)]).toEqual([["refused PN_TARGETS_DOWN"], [1, 1, 1]]);
    expect(all.map(({ target }) => target.inUse)).toEqual([0, 0, 0]);
  });

  test("is not replaced by one that accepts no requests", () => {
    const all = pooled(2);
    const [first, second] = all as [FakeUpstream, FakeUpstream];
    second.unavailable = "gone";
    const visitor = new StructuredVisitor(first, POST);
    first.stream.break({ cause: "refused", delivered: 0 });
    expect([visitor.events, dials(all)]).toEqual([["refused PN_TARGETS_DOWN"], [1, 0]]);
  });
});

describe("a pool whose targets are down", () => {
  test("gets no request: the visitor gets 503 at once", () => {
    const all = pooled(2);
    for (const each of all) each.down = true;
    const visitor = new StructuredVisitor(all[0]!, GET);
    expect([visitor.events, dials(all)]).toEqual([["refused PN_TARGETS_DOWN"], [0, 0]]);
    all[1]!.down = false;
    new StructuredVisitor(all[0]!, GET);
    expect(dials(all)).toEqual([0, 1]);
  });

  test("gets each request if it has one target, which may have come back", () => {
    const [only] = pooled(1) as [FakeUpstream];
    only.down = true;
    const visitor = new StructuredVisitor(only, GET);
    only.stream.arrive(Buffer.from(OK));
    expect(visitor.status).toBe(204);
  });
});

describe("a target that is the only one with a weight", () => {
  /** The upstream that takes requests, beside one that does not. */
  function usable(): FakeUpstream {
    const [used, drained] = pooled(2) as [FakeUpstream, FakeUpstream];
    const clock = new FakeClock();
    used.route.pool = new Pool([
      new PooledTarget(used.target, { weight: 1, clock }),
      new PooledTarget(drained.target, { weight: 0, clock }),
    ]);
    return used;
  }

  test("fails like any of several targets: the visitor gets 503", () => {
    const used = usable();
    const visitor = new StructuredVisitor(used, POST);
    used.stream.break({ cause: "refused", delivered: 0 });
    used.down = true;
    const second = new StructuredVisitor(used, GET);
    for (const { events } of [visitor, second]) expect(events).toEqual(["refused PN_TARGETS_DOWN"]);
    expect(used.streams).toHaveLength(1);
  });

  test("is used again on a new connection after an idle one broke", () => {
    const used = usable();
    new StructuredVisitor(used, GET);
    used.stream.arrive(Buffer.from(OK));
    const visitor = new StructuredVisitor(used, GET);
    used.stream.break({ cause: "broken", delivered: -1 });
    used.stream.arrive(Buffer.from(OK));
    expect([visitor.status, used.streams.length]).toEqual([204, 2]);
  });
});

describe("a target that breaks the connection before its response", () => {
  test("is replaced by another one for an idempotent request, whose body is sent again", () => {
    const all = pooled(3);
    const visitor = new StructuredVisitor(all[0]!, new StructuredRequest("PUT", { length: 5 }));
    visitor.upload("hello");
    visitor.exchange.bodyEnd();
    latest(all).stream.break({ cause: "broken", delivered: -1 });
    latest(all).stream.break({ cause: "gone", delivered: -1 });
    const last = latest(all);
    last.stream.arrive(Buffer.from(OK));
    expect([visitor.status, dials(all)]).toEqual([204, [1, 1, 1]]);
    expect(last.stream.text).toMatch(/^PUT .*\r\n\r\nhello$/s);
  });

  test("is replaced by the only one left, if it left the pool itself", () => {
    const all = pooled(3);
    const [first] = all as [FakeUpstream];
    const visitor = new StructuredVisitor(first, GET);
    const [failed, other] = [latest(all), all.find(({ streams }) => streams.length === 0) as FakeUpstream];
    first.route.pool = new Pool([other.target]);
    failed.stream.break({ cause: "broken", delivered: -1 });
    other.stream.arrive(Buffer.from(OK));
    expect(visitor.status).toBe(204);
  });

  test("is replaced also if it has sent a part of the head, or an interim response", () => {
    for (const part of ["HTTP/1.1 204 No Con", "HTTP/1.1 103 X\r\nLink: x\r\n\r\nHTTP/1.1 2"]) {
      const all = pooled(2);
      const visitor = new StructuredVisitor(all[0]!, GET);
      latest(all).stream.arrive(Buffer.from(part));
      latest(all).stream.break({ cause: "broken", delivered: -1 });
      latest(all).stream.arrive(Buffer.from(OK));
      expect([visitor.status, visitor.events, dials(all)]).toEqual([204, ["end", "done"], [1, 1]]);
    }
  });

  test("is the reason that the visitor gets if all targets do so", () => {
    const all = pooled(2);
    const visitor = new StructuredVisitor(all[0]!, GET);
    for (let n = 0; n < 2; n++) latest(all).stream.break({ cause: "broken", delivered: -1 });
    expect([visitor.events, dials(all)]).toEqual([["refused PN_TARGET_BROKEN"], [1, 1]]);
  });

  test("gets no other request that is not idempotent, or whose response has begun", () => {
    const all = pooled(2);
    const post = new StructuredVisitor(all[0]!, POST);
    latest(all).stream.break({ cause: "broken", delivered: -1 });
    const begun = new StructuredVisitor(all[0]!, GET);
    latest(all).stream.arrive(Buffer.from("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe"));
    latest(all).stream.break({ cause: "broken", delivered: -1 });
    expect([post.events, begun.events]).toEqual([["refused PN_TARGET_BROKEN"], ["broken"]]);
    expect(dials(all)).toEqual([1, 1]);
  });

  test("is replaced twice at most, because the request itself may be what makes targets fail", () => {
    const all = pooled(5);
    const visitor = new StructuredVisitor(all[0]!, GET);
    for (let n = 0; n < 3; n++) latest(all).stream.break({ cause: "broken", delivered: -1 });
    expect(visitor.events).toEqual(["refused PN_TARGET_BROKEN"]);
    const next = new StructuredVisitor(all[0]!, GET);
    for (let n = 0; n < 4; n++) latest(all).stream.break({ cause: "refused", delivered: 0 });
    latest(all).stream.arrive(Buffer.from(OK));
    expect([next.status, dials(all).reduce((sum, each) => sum + each)]).toEqual([204, 3 + 5]);
  });

  test("adds at most a fifth to the load of targets that all do so", () => {
    const all = pooled(3);
    for (let n = 0; n < 1_000; n++) {
      new StructuredVisitor(all[0]!, GET);
      for (let busy = latest(all); busy !== undefined; busy = latest(all))
        busy.stream.break({ cause: "broken", delivered: -1 });
    }
    const load = dials(all).reduce((sum, each) => sum + each);
    expect(load).toBeGreaterThan(1_100);
    expect(load).toBeLessThanOrEqual(1_200);
  });
});

test("the record of a request names the target of its last attempt", () => {
  const all = pooled(2);
  const names: unknown[] = [];
  const [first] = all as [FakeUpstream];
  first.route.onFinished = ({ upstream }) => names.push(upstream?.name);
  new StructuredVisitor(first, POST);
  const failed = latest(all);
  failed.stream.break({ cause: "refused", delivered: 0 });
  const last = latest(all);
  last.stream.arrive(Buffer.from(OK));
  expect([names, last === failed]).toEqual([[last.name], false]);
});

test("a connection that breaks is no reason to send a POST to another target: it may have been executed", () => {
  const all = pooled(2);
  const visitor = new StructuredVisitor(all[0] as FakeUpstream, POST);
  latest(all).stream.break({ cause: "broken", delivered: -1 });
  expect([visitor.events, dials(all).reduce((sum, each) => sum + each)]).toEqual([["refused PN_TARGET_BROKEN"], 1]);
});

test.each([-1, 0])(
  "an idle connection that broke does not count as a try of its target (delivered: %i)",
  (delivered) => {
    const upstream = new FakeUpstream({ authority: "t:80" });
    const other = new FakeUpstream({ authority: "u:80" });
    other.unavailable = "gone";
    upstream.route.pool = new Pool([upstream.target, other.target]);
    new StructuredVisitor(upstream, GET);
    upstream.stream.arrive(Buffer.from(OK));
    const visitor = new StructuredVisitor(upstream, GET);
    upstream.stream.break({ cause: "broken", delivered });
    other.unavailable = undefined;
    upstream.stream.break({ cause: "refused", delivered: 0 });
    other.stream.arrive(Buffer.from(OK));
    expect([visitor.status, upstream.streams.length, other.streams.length]).toEqual([204, 2, 1]);
  },
);

test.each<[BreakCause, string]>([
  ["refused", "PN_TARGET_REFUSED"],
  ["timeout", "PN_TARGET_TIMEOUT"],
  ["untrusted", "PN_TARGET_UNTRUSTED"],
  ["scheme", "PN_TARGET_SCHEME"],
  ["broken", "PN_TARGET_BROKEN"],
])("a target with an address has codes of its own: %s is %s", (cause, code) => {
  const upstream = new FakeUpstream({ authority: "t:80" });
  const visitor = new StructuredVisitor(upstream, POST);
  upstream.stream.break({ cause, delivered: -1 });
  expect(visitor.events).toEqual([`refused ${code}`]);
});

test("a response that begins with a TLS alert comes from a target that expects TLS", () => {
  for (const [address, code] of [
    [{ authority: "t:443" }, "PN_TARGET_SCHEME"],
    [{}, "PN_ORIGIN_INVALID"],
  ] as const) {
    const upstream = new FakeUpstream(address);
    const visitor = new StructuredVisitor(upstream, GET);
    upstream.stream.arrive(Buffer.from([21, 3, 3, 0, 2, 2, 70]));
    expect(visitor.events).toEqual([`refused ${code}`]);
  }
});

describe("the time until a response begins", () => {
  /** The latency that a request leaves behind. The response begins 40 ms after `act`. */
  function latencyAfter(request: StructuredRequest, status: number, act: (visitor: StructuredVisitor) => void) {
    const clock = new FakeClock();
    const upstream = new FakeUpstream({ authority: "t:80" });
    const member = new PooledTarget(upstream.target, { weight: 2, clock });
    upstream.route.pool = new Pool([member]);
    const visitor = new StructuredVisitor(upstream, request, Infinity, clock);
    act(visitor);
    visitor.clock.pass(40);
    upstream.stream.arrive(Buffer.from(`HTTP/1.1 ${status} X\r\nContent-Length: 0\r\n\r\n`));
    return member.latency.at(clock.now());
  }

  test("is measured from the end of the request", () => {
    expect(latencyAfter(GET, 200, () => {})).toBe(40);
    const upload = (visitor: StructuredVisitor): void => {
      visitor.clock.pass(5_000);
      visitor.upload("hello");
      visitor.exchange.bodyEnd();
    };
    expect(latencyAfter(POST, 200, upload)).toBe(40);
  });

  test("is not known if the response begins before the end of the request", () => {
    expect(latencyAfter(POST, 200, () => {})).toBeUndefined();
  });

  test("counts as a second for an error, because a broken target may be fast", () => {
    expect(latencyAfter(GET, 503, () => {})).toBe(1_000);
  });
});

describe("a target whose circuit breaker is open", () => {
  const breaker = { failures: 1, window: 10_000, minRequests: 1, ratio: 0, recovery: 4_200, successes: 1 };

  /** A pool of one such target, before its first request. */
  function guarded(): { upstream: FakeUpstream; member: PooledTarget; clock: FakeClock } {
    const clock = new FakeClock();
    const upstream = new FakeUpstream({ authority: "t:80" });
    const epochs = new Epochs();
    const state = {
      latency: new Latency(),
      epochs,
      breaker: new CircuitBreaker(breaker, clock, epochs),
      verdicts: [],
      recoveredAt: -Infinity,
    };
    const member = new PooledTarget(upstream.target, { weight: 1, state, failures: new Set([500]), clock });
    upstream.route.pool = new Pool([member]);
    return { upstream, member, clock };
  }

  test("gets no request, even if it is the only one, and the visitor gets the time to wait", () => {
    const { upstream, clock } = guarded();
    const visit = (): StructuredVisitor => new StructuredVisitor(upstream, POST, Infinity, clock);
    visit();
    upstream.stream.arrive(Buffer.from("HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n"));
    const visitor = visit();
    expect([visitor.events, upstream.streams.length]).toEqual([["refused PN_TARGETS_DOWN"], 1]);
    expect(visitor.pages).toMatchObject([{ status: 503, retryAfter: 5 }]);
    clock.pass(4_200);
    visit();
    expect(upstream.streams.length).toBe(2);
  });

  test("is not opened by a connection that closed while it was idle", () => {
    const { upstream, member, clock } = guarded();
    new StructuredVisitor(upstream, GET, Infinity, clock);
    upstream.stream.arrive(Buffer.from(OK));
    const visitor = new StructuredVisitor(upstream, GET, Infinity, clock);
    upstream.stream.break({ cause: "broken", delivered: -1 });
    upstream.stream.arrive(Buffer.from(OK));
    expect([visitor.status, upstream.streams.length, member.isBlocked]).toEqual([204, 2, false]);
  });
});

describe("Host", () => {
  test.each([
    ["the visitor's", undefined, "a"],
    ["a configured one", "b.example", "b.example"],
    ["the target's", TARGET_HOST, "t:8000"],
  ] as const)("is %s", (_, hostHeader, expected) => {
    const upstream = new FakeUpstream({ authority: "t:8000" });
    upstream.route.hostHeader = hostHeader;
    new StructuredVisitor(upstream, GET);
    expect(upstream.stream.text).toContain(`\r\nHost: ${expected}\r\n`);
  });

  test("is the visitor's for a target without an authority", () => {
    const upstream = new FakeUpstream();
    upstream.route.hostHeader = TARGET_HOST;
    new StructuredVisitor(upstream, GET);
    expect(upstream.stream.text).toContain("\r\nHost: a\r\n");
  });
});

describe("a path edit", () => {
  test("gets the path and the base path of the target of the attempt", () => {
    const upstream = new FakeUpstream({ authority: "t:80", basePath: "/base" });
    upstream.route.pathEdit = { apply: (path, base) => `${base}/x${path}` };
    new StructuredVisitor(upstream, GET);
    expect(upstream.stream.text).toMatch(/^GET \/base\/x\/ HTTP\/1\.1\r\n/);
  });

  test("that refuses a path ends the request before a connection is made", () => {
    const upstream = new FakeUpstream({ authority: "t:80" });
    upstream.route.pathEdit = { apply: () => undefined };
    const visitor = new StructuredVisitor(upstream, GET);
    expect([visitor.events, upstream.streams.length, upstream.attempts]).toEqual([["refused PN_ROUTE_PATH"], 0, []]);
  });
});
