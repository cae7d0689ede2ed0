import { describe, expect, test } from "vitest";
import { contextOf } from "../balance/balance.suite.js";
import { RoundRobin } from "../balance/round-robin.js";
import { FakeClock } from "../deadlines/fake-clock.suite.js";
import { FakeUpstream } from "../exchange/fake-visitors.suite.js";
import type { PoolMember } from "./pool-member.js";
import { PooledSource } from "./pooled-source.js";
import { PooledTarget } from "./pooled-target.js";
import { Pool } from "./pool.js";
import { Target } from "./target.js";

const pooled = (name: string, weight: number): PooledTarget =>
  new PooledTarget(target(name), { weight, clock: new FakeClock() });
const target = (name: string): Target => new Target(new FakeUpstream({ authority: name }));

describe("a pool", () => {
  test("sends nothing to a member with the weight 0, and still lists it", () => {
    const [drained, used] = [pooled("a", 0), pooled("b", 1)];
    const pool = new Pool([drained, used], new RoundRobin());
    const picked = Array.from({ length: 4 }, () => pool.pick(contextOf("192.0.2.1")));
    expect(new Set(picked)).toEqual(new Set([used]));
    expect(pool.targets).toEqual([drained, used]);
    expect(new Pool([drained]).pick(contextOf("192.0.2.1"))).toBeUndefined();
  });

  test("gives the same array to its policy until its members change", () => {
    const source = { targets: [target("a"), target("b")] };
    const pool = new Pool([
      new PooledSource(source, (each) => new PooledTarget(each, { weight: 2, clock: new FakeClock() })),
    ]);
    const { candidates } = pool;
    expect(pool.candidates).toBe(candidates);
    source.targets = [source.targets[1]!, target("c")];
    expect(pool.candidates.map(({ name }) => name)).toEqual(["b", "c"]);
    expect(pool.candidates[0]).toBe(candidates[1]);
  });

  test("gives a target of a source its new weight, and keeps the members of the others", () => {
    const weights = [1, 1];
    const weighted = (n: number): PoolMember =>
      Object.defineProperty(target(`t${n}`), "weight", { get: () => weights[n], configurable: true });
    const source = { targets: [weighted(0), weighted(1)] };
    const create = (each: PoolMember): PooledTarget =>
      new PooledTarget(each, { weight: 2 * each.weight, clock: new FakeClock() });
    const pool = new Pool([new PooledSource(source, create)]);
    const before = pool.targets;
    weights[1] = 5;
    source.targets = [...source.targets];
    expect(pool.targets.map(({ weight }) => weight)).toEqual([2, 10]);
    expect(pool.targets[0]).toBe(before[0]);
  });
});
