import type { Resolution } from "@postern/net";
import { describe, expect, test } from "vitest";
import { contextOf } from "../balance/balance.suite.js";
import { RoundRobin } from "../balance/round-robin.js";
import { FakeClock } from "../deadlines/fake-clock.suite.js";
import { FakeUpstream } from "../exchange/fake-visitors.suite.js";
import { Pool } from "./pool.js";
import { ResolvedTargets } from "./resolved-targets.js";
import { Target } from "./target.js";

/** A name whose answers the test gives. */
class Name {
  readonly clock = new FakeClock();
  readonly created: string[] = [];
  queries = 0;
  #answer: { resolve: (found: Resolution) => void; reject: (error: Error) => void } | undefined;
  readonly targets: ResolvedTargets;

  constructor() {
    this.targets = new ResolvedTargets({
      host: "a.example",
      clock: this.clock,
      create: (address) => {
        this.created.push(address);
        return new Target(new FakeUpstream({ authority: address }));
      },
      resolve: () => {
        this.queries++;
        return new Promise<Resolution>((resolve, reject) => (this.#answer = { resolve, reject }));
      },
    });
  }

  async answers(ttl: number, ...addresses: string[]): Promise<void> {
    this.#answer?.resolve({ addresses, ttl });
    await new Promise(setImmediate);
  }

  async fails(): Promise<void> {
    this.#answer?.reject(new Error("no answer"));
    await new Promise(setImmediate);
  }

  pass(milliseconds: number): void {
    this.clock.pass(milliseconds);
    this.targets.sweep(this.clock.now());
  }

  get now(): (string | undefined)[] {
    return this.targets.targets.map(({ upstream }) => upstream.name);
  }
}

describe("the targets of a name", () => {
  test("are one until it is resolved, then one for each address", async () => {
    const name = new Name();
    expect(name.now).toEqual(["a.example"]);
    await name.answers(60, "192.0.2.1", "192.0.2.2");
    expect(name.now).toEqual(["192.0.2.1", "192.0.2.2"]);
  });

  test("are resolved again when the TTL is over, and not before; an address that stays keeps its target", async () => {
    const name = new Name();
    await name.answers(60, "192.0.2.1", "192.0.2.2");
    const [, kept] = name.targets.targets as [Target, Target];
    const stream = kept.open(name.clock.now());
    if (stream !== undefined) kept.idle.give(stream, name.clock.now(), -1);
    name.pass(59_000);
    expect(name.queries).toBe(1);
    name.pass(1_000);
    name.pass(1_000);
    expect(name.queries).toBe(2);
    await name.answers(10, "192.0.2.2", "192.0.2.3");
    expect(name.now).toEqual(["192.0.2.2", "192.0.2.3"]);
    expect(name.targets.targets[0]).toBe(kept);
    expect(name.created).toEqual(["a.example", "192.0.2.1", "192.0.2.2", "192.0.2.3"]);
  });

  test("close the idle connections of an address that is gone", async () => {
    const name = new Name();
    await name.answers(1, "192.0.2.1", "192.0.2.2");
    const [gone] = name.targets.targets as [Target, Target];
    const { stream } = { stream: gone.open(name.clock.now()) };
    if (stream === undefined) throw new Error("no stream");
    gone.idle.give(stream, name.clock.now(), -1);
    name.pass(1_000);
    await name.answers(1, "192.0.2.2");
    expect([(stream as unknown as { state: string }).state, gone.idle.count]).toEqual(["reset", 0]);
  });

  test("stay as they are while the name cannot be resolved, which is tried again after 5 s", async () => {
    const name = new Name();
    await name.answers(1, "192.0.2.1");
    name.pass(1_000);
    await name.fails();
    name.pass(4_000);
    expect([name.now, name.queries]).toEqual([["192.0.2.1"], 2]);
    name.pass(1_000);
    await name.answers(1);
    expect([name.now, name.queries]).toEqual([["192.0.2.1"], 3]);
  });

  test("are not resolved after the end", async () => {
    const name = new Name();
    name.targets.close();
    await name.answers(1, "192.0.2.1");
    name.pass(10_000);
    expect([name.now, name.queries]).toEqual([["a.example"], 1]);
  });
});

test("a pool follows the targets of its names", async () => {
  const [one, two] = [new Name(), new Name()];
  const fixed = new Target(new FakeUpstream({ authority: "fixed" }));
  const pool = new Pool([one.targets, fixed, two.targets], new RoundRobin());
  const picks = (count: number) =>
    Array.from({ length: count }, () => pool.pick(contextOf("192.0.2.9"))?.upstream.name ?? "").toSorted();
  expect(picks(3)).toEqual(["a.example", "a.example", "fixed"]);
  await two.answers(60, "192.0.2.1", "192.0.2.2");
  expect(picks(4)).toEqual(["192.0.2.1", "192.0.2.2", "a.example", "fixed"]);
  await one.answers(60, "192.0.2.3");
  expect(picks(4)).toEqual(["192.0.2.1", "192.0.2.2", "192.0.2.3", "fixed"]);
  expect(pool.targets).toBe(pool.targets);
});
