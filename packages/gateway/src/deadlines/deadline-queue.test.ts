import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DeadlineQueue, type Deadline } from "./deadline-queue.js";
import { FakeClock } from "./fake-clock.suite.js";

class Recorded implements Deadline {
  dueAt = Infinity;
  position = -1;
  readonly #onDue: (now: number) => void;

  constructor(onDue: (now: number) => void = () => {}) {
    this.#onDue = onDue;
  }

  onDue(now: number): void {
    this.#onDue(now);
  }
}

/** Returns how many milliseconds after its time a deadline that is `delay` away is due. */
function lateness(delay: number, startedAt: number): number {
  const clock = new FakeClock(startedAt);
  const queue = new DeadlineQueue(clock);
  let dueAt = NaN;
  queue.schedule(new Recorded((now) => (dueAt = now)), startedAt + delay);
  clock.pass(delay + 2_000);
  return dueAt - startedAt - delay;
}

describe("a deadline is never due early, and", () => {
  const start = fc.double({ min: 0, max: 10_000, noNaN: true });

  test("if it is nearer than 10 s, at most 50 ms late", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 9_999 }), start, (delay, startedAt) => {
        const late = lateness(delay, startedAt);
        expect(late).toBeGreaterThanOrEqual(-1e-6);
        expect(late).toBeLessThan(50);
      }),
    );
  });

  test("otherwise at most a second", () => {
    fc.assert(
      fc.property(fc.integer({ min: 10_000, max: 400_000 }), start, (delay, startedAt) => {
        const late = lateness(delay, startedAt);
        expect(late).toBeGreaterThanOrEqual(-1e-6);
        expect(late).toBeLessThan(1_002);
      }),
    );
  });

  test("it may be weeks away", () => {
    expect(lateness(50 * 86_400_000, 0)).toBeLessThan(1_002);
  });
});

describe("the cost of idle connections", () => {
  test("one timer serves all deadlines, and those of one second share a wake-up", () => {
    const clock = new FakeClock(0);
    const queue = new DeadlineQueue(clock);
    let due = 0;
    // Closer together than the number of deadlines per turn allows would add wake-ups.
    for (let at = 75_000; at < 80_000; at += 20) queue.schedule(new Recorded(() => due++), at);
    expect([queue.size, clock.running]).toEqual([250, 1]);
    clock.pass(90_000);
    expect(due).toBe(250);
    expect(clock.started).toBeLessThanOrEqual(7);
  });

  test("a deadline that moves away for ever is not moved in the queue", () => {
    const clock = new FakeClock(0);
    const queue = new DeadlineQueue(clock);
    let idleUntil = 0;
    let calls = 0;
    const deadline = new Recorded((now) => {
      calls++;
      if (now < idleUntil) queue.schedule(deadline, idleUntil);
    });
    for (let requests = 0; requests < 10_000; requests++) {
      idleUntil = clock.now() + 75_000;
      queue.schedule(deadline, idleUntil);
      clock.pass(10);
    }
    expect(clock.started).toBeLessThanOrEqual(3);
    clock.pass(80_000);
    expect(calls).toBeLessThanOrEqual(4);
    expect(queue.size).toBe(0);
  });

  test("ten thousand deadlines at one moment are spread over several turns", () => {
    const clock = new FakeClock(0);
    const queue = new DeadlineQueue(clock);
    const turns = new Map<number, number>();
    for (let n = 0; n < 10_000; n++)
      queue.schedule(new Recorded(() => turns.set(clock.started, (turns.get(clock.started) ?? 0) + 1)), 20_000);
    clock.pass(20_000);
    expect([...turns.values()].reduce((sum, count) => sum + count)).toBe(10_000);
    expect(Math.max(...turns.values())).toBeLessThanOrEqual(500);
  });
});

test("a closed queue has no timer and accepts nothing", () => {
  const clock = new FakeClock();
  const queue = new DeadlineQueue(clock);
  const deadline = new Recorded(() => expect.unreachable());
  queue.schedule(deadline, clock.now() + 100);
  queue.close();
  queue.schedule(deadline, clock.now() + 100);
  expect([queue.size, clock.running, deadline.position]).toEqual([0, 0, -1]);
  clock.pass(1_000);
});

/** A list instead of a heap, with a search for each call. */
class NaiveQueue {
  readonly due: [number, number][] = [];
  #times = new Map<number, number>();

  schedule(key: number, time: number, now: number): void {
    const step = time - now < 10_000 ? 10 : 1_000;
    const before = this.#times.get(key) ?? Infinity;
    if (time + 10 <= before) this.#times.set(key, Math.min(before, Math.ceil(time / step) * step));
  }

  cancel(key: number): void {
    this.#times.delete(key);
  }

  pass(until: number): void {
    const due = [...this.#times].filter(([, at]) => at <= until);
    for (const [key] of due) this.#times.delete(key);
    this.due.push(...due);
  }
}

test("the queue behaves like a list in which every call searches", () => {
  const key = fc.integer({ min: 0, max: 40 });
  const step = fc.oneof(
    fc.record({ kind: fc.constant("schedule" as const), key, delay: fc.integer({ min: 0, max: 30_000 }) }),
    fc.record({ kind: fc.constant("cancel" as const), key }),
    fc.record({ kind: fc.constant("pass" as const), milliseconds: fc.integer({ min: 0, max: 5_000 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const clock = new FakeClock(0);
      const queue = new DeadlineQueue(clock);
      const naive = new NaiveQueue();
      const due: [number, number][] = [];
      const deadlines = Array.from({ length: 41 }, (_, n) => new Recorded((now) => due.push([n, now])));
      for (const one of steps) {
        if (one.kind === "schedule") {
          queue.schedule(deadlines[one.key] as Deadline, clock.now() + one.delay);
          naive.schedule(one.key, clock.now() + one.delay, clock.now());
        } else if (one.kind === "cancel") {
          queue.cancel(deadlines[one.key] as Deadline);
          naive.cancel(one.key);
        } else {
          clock.pass(one.milliseconds);
          naive.pass(clock.now());
        }
      }
      clock.pass(40_000);
      naive.pass(clock.now());
      const byKey = (a: [number, number], b: [number, number]): number => a[1] - b[1] || a[0] - b[0];
      expect(due.sort(byKey)).toEqual(naive.due.sort(byKey));
      expect([queue.size, clock.running]).toEqual([0, 0]);
    }),
  );
});
