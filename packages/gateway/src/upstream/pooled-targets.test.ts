import { describe, expect, test } from "vitest";
import { FakeUpstream } from "../exchange/fake-visitors.suite.js";
import type { AttemptOutcome } from "./attempt.js";
import { Pooled } from "./pooled.suite.js";
import { PooledTarget } from "./pooled-target.js";
import { Target } from "./target.js";

const BREAKER = {
  failures: 2,
  window: 10_000,
  minRequests: 2,
  ratio: 0.5,
  recovery: 5_000,
  successes: 1,
  statuses: [500],
};
const EJECTION = { failures: 2, time: 1_000 };

describe("a circuit breaker of a target", () => {
  test.each<[string, AttemptOutcome, number]>([
    ["a refused connection", "refused", 0],
    ["a broken connection", "broken", 0],
    ["a response that breaks off", "broken", 200],
    ["a response that is not valid", "invalid", 0],
    ["a timeout", "timeout", 0],
    ["a status among its failures", "status", 500],
  ])("counts %s", (_, outcome, status) => {
    const it = new Pooled({ breaker: BREAKER }, 1);
    for (let n = 0; n < 2; n++) it.attempt(it.member(0), outcome, status);
    expect([it.member(0).isBlocked, it.member(0).retryIn]).toEqual([true, 5_000]);
  });

  test.each<[string, AttemptOutcome, number]>([
    ["visitors that leave", "aborted", 0],
    ["visitors that leave during a response", "aborted", 200],
    ["tunnels with too many requests", "full", 0],
    ["responses with another status", "status", 503],
    ["WebSockets", "status", 101],
  ])("does not count %s", (_, outcome, status) => {
    const it = new Pooled({ breaker: BREAKER }, 1);
    for (let n = 0; n < 10; n++) it.attempt(it.member(0), outcome, status);
    expect(it.member(0).isBlocked).toBe(false);
  });

  test("is closed again by a successful test, and a visitor that leaves makes room for another test", () => {
    const it = new Pooled({ breaker: BREAKER }, 1);
    const member = it.member(0);
    for (let n = 0; n < 2; n++) it.attempt(member, "refused");
    it.clock.pass(5_000);
    expect(member.isBlocked).toBe(false);
    const epoch = it.begin(member);
    expect(member.isBlocked).toBe(true);
    member.onAttempt("aborted", 0, epoch);
    expect(member.isBlocked).toBe(false);
    it.attempt(member, "status", 200);
    for (let n = 0; n < 9; n++) it.attempt(member, "status", 200);
    expect(member.isBlocked).toBe(false);
  });

  test("counts a failure once if its response also breaks off", () => {
    const it = new Pooled({ breaker: BREAKER }, 1);
    it.attempt(it.member(0), "broken", 500);
    expect(it.member(0).isBlocked).toBe(false);
  });

  test("concerns one target only", () => {
    const it = new Pooled({ breaker: BREAKER }, 2);
    for (let n = 0; n < 2; n++) it.attempt(it.member(1), "broken");
    expect(it.usable).toEqual([true, false]);
  });
});

describe("health checks", () => {
  const checks = [{ unhealthyAfter: 1, healthyAfter: 1 }];
  /** Lets the check of a member end. */
  const end = (member: PooledTarget, fault?: string, isUnreachable = false): void => {
    const [verdict] = member.verdicts;
    if (verdict!.onResult(fault, isUnreachable)) member.onVerdict(verdict!);
  };

  test("keep requests away from a target that fails them, until it passes them", () => {
    const it = new Pooled({ checks }, 3);
    expect(it.usable).toEqual([true, true, true]);
    end(it.member(1), "it responded with 500");
    expect(it.usable).toEqual([true, false, true]);
    end(it.member(1));
    expect(it.usable).toEqual([true, true, true]);
    expect(it.changes).toEqual(["unhealthy", "healthy"]);
  });

  test("are ignored while all targets fail them", () => {
    const it = new Pooled({ checks }, 2);
    end(it.member(0), "x");
    expect(it.usable).toEqual([false, true]);
    end(it.member(1), "x");
    expect(it.usable).toEqual([true, true]);
    end(it.member(1));
    expect(it.usable).toEqual([false, true]);
  });

  test("tell whether no target can be reached", () => {
    const it = new Pooled({ checks }, 2);
    end(it.member(0), "it refused the connection", true);
    expect(it.pooled.areUnreachable).toBe(false);
    end(it.member(1), "it responded with 500");
    expect(it.pooled.areUnreachable).toBe(false);
    end(it.member(1), "it refused the connection", true);
    expect(it.pooled.areUnreachable).toBe(true);
  });

  test("survive a reload that does not change them", () => {
    const before = new Pooled({ checks }, 2);
    end(before.member(0), "x");
    expect(new Pooled({ checks, ejection: EJECTION }, before.targets, before).usable).toEqual([false, true]);
    const other = [{ unhealthyAfter: 2, healthyAfter: 1 }];
    expect(new Pooled({ checks: other }, before.targets, before).usable).toEqual([true, true]);
  });

  test("begin a slow start when a target passes them again", () => {
    const it = new Pooled({ checks, slowStart: 20_000 }, 2);
    const share = (): number => Math.round(it.member(0).share * 100);
    expect(share()).toBe(100);
    end(it.member(0), "x");
    end(it.member(0));
    expect(share()).toBe(10);
    it.clock.pass(5_000);
    expect(share()).toBe(25);
    it.clock.pass(15_000);
    expect(share()).toBe(100);
  });
});

test("the usual time of a target is that of its successes: errors are faster, or slower", () => {
  const it = new Pooled({ ejection: EJECTION }, 2);
  for (let n = 0; n < 20; n++) it.attempt(it.member(0), "status", 200, 50);
  const { level } = it.member(0).latency;
  expect(Math.exp(level)).toBeCloseTo(50);
  for (const status of [404, 429, 500]) it.attempt(it.member(0), "status", status, 1);
  it.attempt(it.member(0), "timeout");
  expect(it.member(0).latency.level).toBe(level);
});

test("a slow start follows an ejection, an open circuit, and a time in which the target was down", () => {
  const it = new Pooled({ breaker: BREAKER, ejection: EJECTION, slowStart: 10_000 }, 4);
  const share = (n: number): number => Math.round(it.member(n).share * 100);
  for (let n = 0; n < 2; n++) it.attempt(it.member(0), "status", 503);
  it.clock.pass(1_000);
  it.attempt(it.member(0), "status", 200);
  for (let n = 0; n < 2; n++) it.attempt(it.member(1), "status", 500);
  it.clock.pass(5_000);
  it.attempt(it.member(1), "status", 200);
  (it.targets[2]!.upstream as { upSince?: number }).upSince = it.clock.now() - 2_500;
  expect([0, 1, 2, 3].map(share)).toEqual([50, 10, 25, 100]);
  expect(it.changes).toEqual(["ejected", "circuit_open", "circuit_half_open", "circuit_closed"]);
});

describe("a reload", () => {
  test("keeps the state of targets whose options are the same", () => {
    const options = { breaker: BREAKER, ejection: EJECTION };
    const before = new Pooled(options, 4);
    for (let n = 0; n < 2; n++) before.attempt(before.member(0), "broken");
    before.member(1).latency.observe(70, before.clock.now());
    const [first, second] = before.targets as [Target, Target];
    const after = new Pooled(options, [second, first, new Target(new FakeUpstream())], before);
    expect(after.usable).toEqual([true, false, true]);
    expect(after.member(0).latency.at(after.clock.now())).toBe(70);
    // The limit is that of the new pool, in which one of three targets is ejected.
    for (let n = 0; n < 2; n++) after.attempt(after.member(0), "status", 503);
    expect(after.usable).toEqual([true, false, true]);
  });

  test("that fails late takes nothing from the pool that stays: its limit, and its owner who learns of changes", () => {
    const options = { breaker: BREAKER, ejection: EJECTION };
    const before = new Pooled(options, 2);
    const discarded = new Pooled(options, [...before.targets, new Target(new FakeUpstream())], before);
    for (let n = 0; n < 2; n++) before.attempt(before.member(0), "broken");
    for (let n = 0; n < 2; n++) before.attempt(before.member(1), "broken");
    expect([before.changes, discarded.changes]).toEqual([["circuit_open", "ejected", "circuit_open"], []]);
    expect([before.member(0).isEjected, before.member(1).isEjected]).toEqual([true, false]);
  });

  test("begins anew with what has other options", () => {
    const before = new Pooled({ breaker: BREAKER, ejection: EJECTION }, 2);
    for (let n = 0; n < 2; n++) before.attempt(before.member(0), "broken");
    const after = new Pooled({ breaker: { ...BREAKER, failures: 9 } }, before.targets, before);
    expect(after.usable).toEqual([true, true]);
  });
});

test("a sole target without a circuit breaker is a member without a state", () => {
  expect(new Pooled({ ejection: EJECTION }, 1).pool.targets[0]).toBeInstanceOf(Target);
  expect(new Pooled({ breaker: BREAKER }, 1).pool.targets[0]).toBeInstanceOf(PooledTarget);
});
