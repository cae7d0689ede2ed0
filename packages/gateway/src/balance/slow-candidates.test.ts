import { describe, expect, test } from "vitest";
import { candidate, contextOf, type NamedCandidate } from "./balance.suite.js";
import { Latency } from "./latency.js";
import { LeastLoad } from "./least-load.js";

/** Milliseconds between two requests. */
const PACE = 10;

interface Simulated extends NamedCandidate {
  inUse: number;
  available: boolean;
  readonly latency: Latency;
}

/** Targets that respond after the given times, and requests that arrive every PACE milliseconds. */
class World {
  readonly targets: Simulated[];
  readonly #times: number[];
  readonly #balance = new LeastLoad();
  #now = 0;
  #due: { at: number; target: Simulated; elapsed: number }[] = [];

  constructor(...times: number[]) {
    this.#times = times;
    this.targets = times.map((_, n) => ({ ...candidate(`t${n}`), inUse: 0, latency: new Latency() }));
  }

  slowDown(position: number, time: number): void {
    this.#times[position] = time;
  }

  /** How many of the next requests each target gets. */
  run(requests: number, pace = PACE): number[] {
    const counts = this.targets.map(() => 0);
    for (let n = 0; n < requests; n++) {
      this.#now += pace;
      this.#respond();
      const picked = this.#balance.pick(this.targets, contextOf("192.0.2.1", {}, this.#now))!;
      const position = this.targets.indexOf(picked);
      counts[position]! += 1;
      picked.inUse += 1;
      const elapsed = this.#times[position]!;
      this.#due.push({ at: this.#now + elapsed, target: picked, elapsed });
    }
    return counts;
  }

  #respond(): void {
    const over = this.#due.filter(({ at }) => at <= this.#now);
    this.#due = this.#due.filter(({ at }) => at > this.#now);
    for (const { at, target, elapsed } of over) {
      target.inUse -= 1;
      target.latency.observeUsual(elapsed, at);
      target.latency.observe(elapsed, at);
    }
  }
}

describe("least load, with a target that is much slower than the others,", () => {
  test("gives it less than one request in a hundred, also if hardly any request is in progress", () => {
    for (const [pace, slow] of [
      [1, 50],
      [10, 50],
      [100, 50],
      [10, 8],
      [10, 2_000],
    ] as const) {
      const world = new World(1, 1, slow);
      world.run(100, pace);
      const [one = 0, two = 0, third = 0] = world.run(5_000, pace);
      expect(third, `pace ${pace}, ${slow} ms`).toBeLessThan(40);
      expect(Math.abs(one - two)).toBeLessThan(60);
    }
  });

  test("tries it from time to time, and uses it as much as the others soon after it has recovered", () => {
    const world = new World(1, 1, 80);
    world.run(100);
    expect(world.run(2_000)[2]).toBeGreaterThan(2);
    world.slowDown(2, 1);
    world.run(3_000);
    const counts = world.run(300);
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(99);
  });

  test("tries each of several slow ones", () => {
    const world = new World(1, 30, 60, 90);
    world.run(200);
    const tried = world.run(10_000).slice(1);
    expect(Math.min(...tried)).toBeGreaterThan(5);
    expect(tried.reduce((sum, count) => sum + count)).toBeLessThan(100);
  });

  test("notices a target that becomes slow while it is used", () => {
    const world = new World(1, 1, 1);
    expect(Math.min(...world.run(3_000))).toBeGreaterThanOrEqual(999);
    world.slowDown(2, 50);
    world.run(300);
    expect(world.run(2_000)[2]).toBeLessThan(20);
  });

  test("uses it for what the others cannot bear", () => {
    const world = new World(1, 1, 50);
    world.run(200);
    for (const each of world.targets.slice(0, 2)) each.inUse += 100;
    expect(world.run(10)[2]).toBeGreaterThan(0);
  });

  test("uses it as before while it is the only one available", () => {
    const world = new World(1, 1, 50);
    world.run(200);
    for (const each of world.targets.slice(0, 2)) each.available = false;
    expect(world.run(100)).toEqual([0, 0, 100]);
  });
});

describe("least load with targets that are about equal", () => {
  test("takes turns, whatever the differences below two milliseconds", () => {
    expect(new World(0.2, 0.5, 1.9).run(300)).toEqual([100, 100, 100]);
  });

  test("takes turns although each of them has been slow at first, and at times", () => {
    const world = new World(500, 1, 1);
    world.run(3);
    world.slowDown(0, 1);
    world.run(300);
    expect(Math.min(...world.run(300))).toBeGreaterThanOrEqual(99);
    world.slowDown(1, 1_000);
    world.run(1);
    world.slowDown(1, 1);
    world.run(300);
    expect(Math.min(...world.run(300))).toBeGreaterThanOrEqual(99);
  });
});
