import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import type { FinishedRequest, PickContext, PoolMember } from "@postern/gateway";
import { DEFAULT_GROUP_OPTIONS, GroupRoute, type GroupOptions } from "./group-route.js";
import type { GroupMember } from "./group-member.js";
import type { Tunnel } from "./tunnel.js";

/** The part of a tunnel that a group uses. */
class FakeTunnel {
  readonly id = `id-${Math.random()}`;
  unavailable: "gone" | "full" | undefined;
  suspect = false;
  inUse = 0;
  share = 1;
  hostHeader: string | undefined;
  dialled = 0;
  readonly finished: unknown[] = [];
  readonly instance: string;
  readonly groupWeight: number | undefined;
  readonly target = { idle: { take: () => undefined, makeRoom() {} } };

  constructor(instance: string, groupWeight: number | undefined) {
    this.instance = instance;
    this.groupWeight = groupWeight;
  }

  get available(): boolean {
    return this.unavailable === undefined;
  }
  dial(): object {
    this.dialled++;
    return {};
  }
  onFinished(request: unknown): void {
    this.finished.push(request);
  }
}

let group: GroupRoute;
const options = (more: Partial<GroupOptions> = {}): GroupOptions => ({ ...DEFAULT_GROUP_OPTIONS, ...more });
beforeEach(() => {
  group = new GroupRoute("app", options());
});

/** A client with this many sessions joins. */
function join(instance: string, { sessions = 1, weight = 1 } = {}): FakeTunnel[] {
  return Array.from({ length: sessions }, () => {
    const tunnel = new FakeTunnel(instance, weight);
    group.add(tunnel as unknown as Tunnel);
    return tunnel;
  });
}
function leave(...tunnels: FakeTunnel[]): void {
  for (const tunnel of tunnels) group.remove(tunnel as unknown as Tunnel);
}

const context = (address = "192.0.2.1", cookie = ""): PickContext => ({
  address,
  startedAt: performance.now(),
  request: { fieldValue: (name) => (name === "cookie" ? cookie : "") },
});
const pick = (given = context()): PoolMember => group.pool.pick(given) as PoolMember;
/** Begins a request. Returns its client. */
function begin(given?: PickContext): PoolMember {
  const member = pick(given);
  expect(member.open(performance.now())).toBeDefined();
  return member;
}
/** How many of `count` requests, one after the other, go to each client. */
function shares(count: number): Record<string, number> {
  const found: Record<string, number> = {};
  for (let n = 0; n < count; n++) {
    const member = begin();
    found[member.name as string] = (found[member.name as string] ?? 0) + 1;
    member.onAttempt("status", 200, 0);
  }
  return found;
}
const member = (name: string): PoolMember => group.pool.targets.find((each) => each.name === name) as PoolMember;

describe("the clients of a group", () => {
  test("share the requests by their weights, however many sessions each has", () => {
    group = new GroupRoute("app", options({ strategy: "round_robin" }));
    const [one, four] = [join("one"), join("four", { sessions: 4 })];
    join("heavy", { weight: 3 });
    join("none", { weight: 0 });
    // The slow start of clients that came later is over.
    for (const each of group.members) each.upSince = -Infinity;
    expect(shares(100)).toEqual({ one: 20, four: 20, heavy: 60 });
    expect(one.map(({ dialled }) => dialled)).toEqual([20]);
    expect(four.map(({ dialled }) => dialled)).toEqual([5, 5, 5, 5]);
  });

  test("get the next request by the fewest requests in progress for their weight", () => {
    join("one");
    join("two", { weight: 2 });
    for (const each of group.members) each.upSince = -Infinity;
    const begun = Array.from({ length: 9 }, () => begin().name);
    expect(begun.filter((name) => name === "two")).toHaveLength(6);
  });

  test("are passed over while all of their sessions are suspect, and while one has a session that is not", () => {
    const [first, second] = [join("first", { sessions: 2 }), join("second")];
    first[0]!.suspect = true;
    expect(member("first").suspect).toBe(false);
    for (let n = 0; n < 5; n++) member("first").open(0);
    expect(first.map(({ dialled }) => dialled)).toEqual([0, 5]);
    first[1]!.suspect = true;
    for (let n = 0; n < 4; n++) expect(pick().name).toBe("second");
    second[0]!.unavailable = "gone";
    expect(pick().name).toBe("first");
  });

  test("are full only if all of their sessions are", () => {
    const sessions = join("first", { sessions: 2 });
    sessions[0]!.unavailable = "full";
    expect(member("first").upstream.unavailable).toBeUndefined();
    sessions[1]!.unavailable = "gone";
    expect(member("first").upstream.unavailable).toBe("full");
    expect(member("first").open(0)).toBeUndefined();
  });

  test("keep the idle streams of each session apart: one goes back to the session that it belongs to", () => {
    const [first, second] = join("one", { sessions: 2 });
    join("two");
    const idles = [0, 1].map(() => (member("one").open(0), member("one").idle));
    expect(new Set(idles)).toEqual(new Set([first!.target.idle, second!.target.idle]));
  });

  test("may each have their own Host", () => {
    join("one")[0]!.hostHeader = "one.internal";
    join("two");
    expect(group.members.map(({ hostHeader }) => hostHeader)).toEqual(["one.internal", undefined]);
  });

  test("get the records of the requests that they served, and the first one gets those that nobody served", () => {
    const [[one], [two]] = [join("one"), join("two")];
    const [first, second] = group.members as [GroupMember, GroupMember];
    const requests = [first, second, second, undefined].map((upstream) => ({ upstream }) as unknown as FinishedRequest);
    for (const request of requests) group.onFinished(request);
    expect(one!.finished).toEqual([requests[0], requests[3]]);
    expect(two!.finished).toEqual([requests[1], requests[2]]);
    // The last requests of a client end when its session is gone.
    leave(two!);
    group.onFinished({ upstream: second } as unknown as FinishedRequest);
    expect(two!.finished).toHaveLength(3);
  });
});

describe("a client that fails", () => {
  test("to reach its local service gets no requests for a second, even if it is the only one left", () => {
    join("one");
    join("two");
    begin();
    member("one").onAttempt("refused", 0, 0);
    for (let n = 0; n < 5; n++) expect(pick().name).toBe("two");
    expect(member("one").available).toBe(false);
  });

  test("requests although it answers pings is ejected after five failures, but never more than half of the group", () => {
    const ejected: unknown[] = [];
    group = new GroupRoute("app", options({ onEjected: (...about) => void ejected.push(about) }));
    for (const name of ["one", "two", "three"]) join(name);
    for (let n = 0; n < 4; n++) member("one").onResponse?.(502, 1, 0);
    expect(member("one").suspect).toBe(false);
    member("one").onResponse?.(502, 1, 0);
    for (let n = 0; n < 6; n++) expect(pick().name).not.toBe("one");
    for (let n = 0; n < 9; n++) member("two").onAttempt("broken", 0, 0);
    expect([member("two").suspect, ejected]).toEqual([
      false,
      [["app", 1, "its last requests have failed (it responded with 502)"]],
    ]);
  });

  test("many more requests than the others is ejected, although it serves some", () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    onTestFinished(() => void vi.useRealTimers());
    for (const name of ["one", "two", "three"]) join(name);
    for (let n = 0; n < 40; n++) {
      vi.advanceTimersByTime(100);
      member("one").onResponse?.(n % 2 === 0 ? 502 : 200, 1, 0);
      for (const name of ["two", "three"]) member(name).onResponse?.(200, 1, 0);
    }
    expect(group.pool.targets.map(({ suspect }) => suspect)).toEqual([true, false, false]);
  });

  test("is still ejected after it has reconnected, and has the same number", () => {
    const [one] = join("one");
    join("two");
    for (let n = 0; n < 5; n++) member("one").onResponse?.(503, 1, 0);
    const { number } = group.members[0]!;
    leave(one!);
    expect(group.pool.targets.map(({ name }) => name)).toEqual(["two"]);
    join("one");
    expect(group.members.map((each) => each.number)).toEqual([2, number]);
    expect(member("one").suspect).toBe(true);
  });
});

describe("the strategy", () => {
  test("can be changed while the clients serve requests, with what is known of them", () => {
    group = new GroupRoute("app", options({ strategy: "first" }));
    for (const name of ["one", "two", "three"]) join(name);
    for (const each of group.members) each.upSince = -Infinity;
    expect(shares(30)).toEqual({ one: 30 });
    for (let n = 0; n < 5; n++) member("one").onResponse?.(503, 1, 0);
    group.strategy = "round_robin";
    expect(shares(30)).toEqual({ two: 15, three: 15 });
    expect(group.strategy).toBe("round_robin");
  });

  test("chooses the client of new visitors if the others stay with theirs by a cookie", () => {
    group = new GroupRoute("app", options({ strategy: "round_robin", sticky: "cookie" }));
    for (const name of ["one", "two", "three"]) join(name);
    group.strategy = "first";
    expect(new Set(Array.from({ length: 9 }, () => pick().name))).toEqual(new Set(["one"]));
  });
});

describe("a client that returns", () => {
  test("begins with a small share of the requests, which grows", () => {
    join("one");
    expect(member("one").share).toBe(1);
    const [two] = join("two", { weight: 5 });
    expect(member("two").share).toBeLessThan(1);
    group.members[1]!.upSince -= 20_000;
    expect(member("two").share).toBe(5);
    leave(two!);
    join("two");
    expect(member("two").share).toBeLessThan(1);
  });

  test("has its new weight at once, and what is known of it remains", () => {
    join("one");
    const [two] = join("two", { weight: 5 });
    for (let n = 0; n < 5; n++) member("two").onResponse?.(503, 1, 0);
    leave(two!);
    join("two", { weight: 2 });
    expect([member("two").weight, member("two").suspect]).toEqual([2, true]);
    // Its former session may not be lost yet.
    join("two", { weight: 7 });
    expect(member("two").weight).toBe(7);
    join("two", { weight: 0 });
    expect(group.pool.candidates.map(({ name }) => name)).toEqual(["one"]);
    join("two", { weight: 3 });
    expect(member("two").weight).toBe(3);
  });

  test("has the weight of its earlier session if the next one says nothing about it", () => {
    join("one");
    join("two", { weight: 5 });
    group.add(new FakeTunnel("two", undefined) as unknown as Tunnel);
    expect(member("two").weight).toBe(5);
  });

  test("is remembered, with the sessions of the time before forgotten, and others only up to a limit", () => {
    for (let n = 0; n < 300; n++) leave(...join(`i${n}`));
    group.sweep();
    join("new");
    // Numbers of clients that were forgotten are used again.
    expect(group.members[0]!.number).toBeLessThanOrEqual(130);
    leave(...join("i299"));
    expect(group.members.map(({ name }) => name)).toEqual(["new"]);
  });
});

describe("a visitor stays with its client", () => {
  const NAMES = ["one", "two", "three"];

  test("by its address, whatever happens to the sessions", () => {
    group = new GroupRoute("app", options({ sticky: "address" }));
    const clients = Object.fromEntries(NAMES.map((name) => [name, join(name, { sessions: 2 })]));
    const visitors = Array.from({ length: 60 }, (_, n) => context(`192.0.2.${n}`));
    const before = visitors.map((visitor) => pick(visitor).name);
    expect(new Set(before).size).toBe(3);
    // A session of each client is replaced by another one, and a client reconnects.
    for (const name of NAMES) {
      leave(clients[name]![0]!);
      join(name);
    }
    leave(clients["two"]![1]!);
    join("two");
    expect(visitors.map((visitor) => pick(visitor).name)).toEqual(before);
  });

  test("by a cookie, which does not name the client, and gets another one while it is away", () => {
    group = new GroupRoute("app", options({ sticky: "cookie" }));
    for (const name of NAMES) join(name);
    pick();
    const two = member("two");
    const line = group.sticky!.line(two, context(), true);
    expect(line).toMatch(/^Set-Cookie: postern_target=[\w-]{22}; Path=\/; HttpOnly; SameSite=Lax; Secure\r\n$/);
    const visitor = context("192.0.2.1", line.slice("Set-Cookie: ".length, line.indexOf(";")));
    for (let n = 0; n < 9; n++) expect(pick(visitor).name).toBe("two");
    join("two");
    expect(pick(visitor).name).toBe("two");
    group.members[1]!.onAttempt("refused");
    expect(pick(visitor).name).not.toBe("two");
  });

  test("by a cookie of the same name only: another name has other cookies", () => {
    const key = (): string => "one key for all";
    const lines = ["app", "other"].map((name) => {
      group = new GroupRoute(name, options({ sticky: "cookie", cookieKey: key }));
      join("one");
      join("two");
      pick();
      return group.sticky!.line(member("one"), context(), false);
    });
    expect(lines[0]).not.toBe(lines[1]);
  });
});

test("a group that is replaced sends no request to its former clients again", () => {
  join("one");
  join("two");
  group.clear();
  expect(group.pool.candidates).toEqual([]);
  expect(group.pool.pick(context())).toBeUndefined();
});
