import { describe, expect, test } from "vitest";
import { contextOf, fixedRandom } from "../balance/balance.suite.js";
import { FakeUpstream } from "../exchange/fake-visitors.suite.js";
import type { EjectionOptions } from "../health/ejection.js";
import { EjectionTwin, type TwinAttempt } from "./ejection-twin.suite.js";
import { Pooled } from "./pooled.suite.js";

const EJECTION = { failures: 2, time: 1_000 };
const OUTLIERS = { window: 10_000, minRequests: 10, minSuccessRatio: 0.8, maxLatencyRatio: 3 };
const COMPARED: EjectionOptions = { failures: 0, time: 1_000, outliers: OUTLIERS };

describe("a target that fails several times in a row", () => {
  test("is ejected, for longer each time, until a success", () => {
    const it = new Pooled({ ejection: EJECTION }, 2);
    const fail = (): void => it.attempt(it.member(0), "broken");
    fail();
    it.attempt(it.member(0), "status", 200);
    fail();
    expect(it.usable).toEqual([true, true]);
    fail();
    expect(it.usable).toEqual([false, true]);
    it.clock.pass(1_000);
    expect(it.usable).toEqual([true, true]);
    fail();
    it.clock.pass(1_999);
    expect(it.usable).toEqual([false, true]);
    it.clock.pass(1);
    it.attempt(it.member(0), "status", 200);
    fail();
    expect(it.usable).toEqual([true, true]);
    fail();
    it.clock.pass(1_000);
    expect(it.usable).toEqual([true, true]);
  });

  test("is ejected also if it begins each response and breaks it off, until a complete response", () => {
    const it = new Pooled({ ejection: EJECTION }, 2);
    const breakOff = (): void => it.attempt(it.member(0), "broken", 200);
    breakOff();
    it.attempt(it.member(0), "status", 200);
    breakOff();
    expect(it.usable).toEqual([true, true]);
    breakOff();
    expect(it.usable).toEqual([false, true]);
    it.clock.pass(1_000);
    breakOff();
    it.clock.pass(1_999);
    expect(it.usable).toEqual([false, true]);
    it.clock.pass(1);
    it.attempt(it.member(0), "status", 200);
    breakOff();
    expect(it.usable).toEqual([true, true]);
  });

  test("is not ejected if more than half of the pool would be, or if it is the only one", () => {
    const it = new Pooled({ ejection: EJECTION }, 5);
    for (let n = 0; n < 5; n++) for (let failures = 0; failures < 4; failures++) it.attempt(it.member(n), "timeout");
    expect(it.usable).toEqual([false, false, true, true, true]);
    const two = new Pooled({ ejection: EJECTION }, 2);
    for (let n = 0; n < 2; n++) for (let failures = 0; failures < 4; failures++) two.attempt(two.member(n), "timeout");
    expect(two.usable).toEqual([false, true]);
  });

  test("is not ejected again by attempts that began before its ejection, nor recovers by them", () => {
    const it = new Pooled({ ejection: EJECTION }, 2);
    const member = it.member(0);
    const epochs = Array.from({ length: 4 }, () => it.begin(member));
    const end = (epoch: number, status: number): void => {
      member.onResponse(status, 1, epoch);
      member.onAttempt("status", status, epoch);
    };
    for (const epoch of epochs.slice(0, 2)) end(epoch, 503);
    end(epochs[2]!, 200);
    expect(it.usable).toEqual([false, true]);
    it.clock.pass(1_000);
    end(epochs[3]!, 503);
    expect(it.usable).toEqual([true, true]);
  });

  test("is not told from others by visitors that leave during its responses", () => {
    const it = new Pooled({ ejection: EJECTION }, 2);
    it.attempt(it.member(0), "broken", 200);
    for (let n = 0; n < 9; n++) it.attempt(it.member(0), "aborted", 200);
    expect(it.usable).toEqual([true, true]);
    it.attempt(it.member(0), "broken", 200);
    expect(it.usable).toEqual([false, true]);
  });

  test("says nothing with an ordinary error of one request", () => {
    const it = new Pooled({ ejection: EJECTION }, 2);
    for (const status of [500, 404, 429]) for (let n = 0; n < 5; n++) it.attempt(it.member(0), "status", status);
    expect(it.usable).toEqual([true, true]);
    for (let n = 0; n < 2; n++) it.attempt(it.member(0), "status", 503);
    expect(it.usable).toEqual([false, true]);
  });
});

describe("a target that differs from the others of its pool", () => {
  /** As many requests to each target as are compared, of which these have failed, with these response times. */
  function send(it: Pooled, failures: readonly number[], times: readonly number[] = []): void {
    for (let n = 0; n < 10; n++)
      for (const [position, failed] of failures.entries())
        it.attempt(it.member(position), "status", n < failed ? 503 : 200, times[position] ?? 20);
    // The next comparison.
    it.clock.pass(1_000);
    it.attempt(it.member(failures.length - 1), "status", 200, times.at(-1) ?? 20);
  }

  test("is ejected because more of its requests fail", () => {
    const it = new Pooled({ ejection: COMPARED }, 3);
    send(it, [2, 0, 0]);
    expect(it.usable).toEqual([true, true, true]);
    send(it, [6, 0, 0]);
    expect(it.usable).toEqual([false, true, true]);
    expect(it.reasons).toEqual(["60 % of its last requests have succeeded, and 100 % of those to the other targets"]);
    expect(it.member(0).state.lastFailure?.reason).toBe(it.reasons[0]);
  });

  test("is ejected because its responses take longer, of which a few slow ones are no sign", () => {
    const it = new Pooled({ ejection: COMPARED }, 3);
    send(it, [0, 0, 0], [50, 20, 20]);
    it.attempt(it.member(1), "status", 200, 60_000);
    send(it, [0, 0, 0], [50, 20, 20]);
    expect(it.usable).toEqual([true, true, true]);
    it.clock.pass(10_000);
    send(it, [0, 0, 0], [90, 20, 20]);
    expect(it.usable).toEqual([false, true, true]);
    expect(it.reasons).toEqual(["its responses take 90 ms, those of the other targets 20 ms"]);
  });

  test("is not ejected for a difference of a few milliseconds", () => {
    const it = new Pooled({ ejection: COMPARED }, 3);
    send(it, [0, 0, 0], [9, 1, 1]);
    expect(it.usable).toEqual([true, true, true]);
  });

  test("is not ejected if all targets fail alike, before there are enough requests, or without another to compare", () => {
    const alike = new Pooled({ ejection: COMPARED }, 3);
    send(alike, [6, 5, 6]);
    const few = new Pooled({ ejection: { ...COMPARED, outliers: { ...OUTLIERS, minRequests: 12 } } }, 3);
    send(few, [9, 0, 0]);
    const alone = new Pooled({ ejection: COMPARED }, 2);
    for (let n = 0; n < 20; n++) alone.attempt(alone.member(0), "broken");
    for (const { changes } of [alike, few, alone]) expect(changes).toEqual([]);
  });

  test("is ejected for each cause only if that is wanted", () => {
    const noRate = new Pooled({ ejection: { ...COMPARED, outliers: { ...OUTLIERS, minSuccessRatio: 0 } } }, 3);
    send(noRate, [9, 0, 0]);
    const noTime = new Pooled({ ejection: { ...COMPARED, outliers: { ...OUTLIERS, maxLatencyRatio: 0 } } }, 3);
    send(noTime, [0, 0, 0], [900, 20, 20]);
    const neither = new Pooled({ ejection: { failures: 0, time: 1_000 } }, 3);
    send(neither, [9, 0, 0], [900, 20, 20]);
    for (const { changes } of [noRate, noTime, neither]) expect(changes).toEqual([]);
  });

  test("is ejected for the whole time, and for longer if it still differs afterwards", () => {
    const it = new Pooled({ ejection: COMPARED }, 3);
    send(it, [6, 0, 0]);
    it.attempt(it.member(0), "status", 200);
    expect(it.usable).toEqual([false, true, true]);
    it.clock.pass(1_000);
    expect(it.usable).toEqual([true, true, true]);
    send(it, [6, 0, 0]);
    it.clock.pass(1_999);
    expect(it.usable).toEqual([false, true, true]);
    it.clock.pass(1);
    send(it, [0, 0, 0]);
    it.clock.pass(10_000);
    send(it, [6, 0, 0]);
    it.clock.pass(1_000);
    expect([it.changes, it.usable]).toEqual([Array(3).fill("ejected"), [true, true, true]]);
  });

  test("is the worst one if only one more may be ejected", () => {
    const it = new Pooled({ ejection: COMPARED }, 4);
    send(it, [6, 7, 8, 0]);
    expect(it.usable).toEqual([true, false, false, true]);
  });

  test("begins a slow start when it gets requests again", () => {
    const it = new Pooled({ ejection: COMPARED, slowStart: 10_000 }, 3);
    send(it, [6, 0, 0]);
    it.clock.pass(20_000);
    it.attempt(it.member(0), "status", 200);
    expect(it.member(0).share).toBeCloseTo(0.1);
  });

  test("costs a look at the others at most once a second", () => {
    const it = new Pooled({ ejection: COMPARED }, 3);
    let looks = 0;
    const { recent } = it.member(2).state.ejection!;
    const summary = recent!.summary.bind(recent);
    recent!.summary = (now) => {
      looks++;
      return summary(now);
    };
    for (let n = 0; n < 500; n++) {
      it.attempt(it.member(n % 3), "status", 200);
      it.clock.pass(10);
    }
    expect(looks).toBe(5);
  });
});

test("a pool picks a target that is ejected only if there is no other", () => {
  const it = new Pooled({ ejection: EJECTION }, 2);
  for (let n = 0; n < 2; n++) it.attempt(it.member(0), "broken");
  const picked = (): unknown[] => Array.from({ length: 4 }, () => it.pool.pick(contextOf("192.0.2.1")));
  expect(new Set(picked())).toEqual(new Set([it.member(1)]));
  (it.targets[1]!.upstream as FakeUpstream).down = true;
  expect(new Set(picked())).toEqual(new Set([it.member(0)]));
});

test("ejections do the same as a twin that keeps everything that happened", () => {
  const random = fixedRandom(11);
  const causes = new Map<string, number>();
  for (let run = 0; run < 120; run++) {
    const outliers = { window: 10_000, minRequests: 4 + (run % 3), minSuccessRatio: 0.613, maxLatencyRatio: 2.3 };
    const ejection = { failures: run % 4, time: 2_000, ...(run % 5 === 0 ? {} : { outliers }) };
    const count = 2 + (run % 4);
    const it = new Pooled({ ejection }, count);
    const twin = new EjectionTwin(ejection, count);
    const begun: { attempt: TwinAttempt; epoch: number; status: number }[] = [];
    const traits = Array.from({ length: count }, () => ({ failing: random() ** 3, time: random() < 0.3 ? 300 : 30 }));
    for (let step = 0; step < 250; step++) {
      const now = it.clock.now();
      expect(it.pool.targets.map((_, n) => it.member(n).isEjected)).toEqual(twin.ejectedAt(now));
      const choice = random();
      if (choice < 0.4 || begun.length === 0) {
        const target = Math.floor(random() * count);
        begun.push({ attempt: twin.begin(target), epoch: it.begin(it.member(target)), status: 0 });
      } else if (choice < 0.9) {
        const position = Math.floor(random() * begun.length);
        const each = begun[position]!;
        const member = it.member(each.attempt.target);
        const { failing, time } = traits[each.attempt.target]!;
        const isFailure = random() < failing;
        if (each.status === 0 && !isFailure) {
          const elapsed = time * (0.5 + random());
          each.status = 200;
          member.onResponse(200, elapsed, each.epoch);
          twin.end(each.attempt, "success", now, elapsed);
          continue;
        }
        begun.splice(position, 1);
        if (random() < 0.1) member.onAttempt("aborted", each.status, each.epoch);
        else if (isFailure) {
          member.onAttempt("broken", each.status, each.epoch);
          twin.end(each.attempt, each.status === 0 ? "failure" : "break_off", now);
        } else {
          member.onAttempt("status", each.status, each.epoch);
          twin.complete(each.attempt, now);
        }
      } else it.clock.pass(Math.floor(random() * random() * 3_000));
    }
    for (const reason of it.reasons) {
      const cause = /have failed|succeeded|take/.exec(reason)![0];
      causes.set(cause, (causes.get(cause) ?? 0) + 1);
    }
  }
  expect(causes.size).toBe(3);
  expect(Math.min(...causes.values())).toBeGreaterThan(20);
});
