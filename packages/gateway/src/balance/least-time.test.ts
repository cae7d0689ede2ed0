import { describe, expect, test } from "vitest";
import { candidate, contextOf, describeBalance, fixedRandom, type NamedCandidate } from "./balance.suite.js";
import { Latency } from "./latency.js";
import { LeastTime } from "./least-time.js";

/** A candidate whose responses took this long. */
function timed(name: string, milliseconds: number, more: { inUse?: number } = {}): NamedCandidate {
  const latency = new Latency();
  latency.observe(milliseconds, 0);
  return candidate(name, { latency, ...more });
}

describe("least time", () => {
  describeBalance(() => new LeastTime(fixedRandom()));

  test("picks the fast candidates, and counts the requests that wait for them", () => {
    const balance = new LeastTime(fixedRandom());
    const all = [timed("slow", 500), timed("a", 5), timed("b", 5)];
    const picked = Array.from({ length: 300 }, () => balance.pick(all, contextOf("192.0.2.1"))?.name);
    expect(new Set(picked)).toEqual(new Set(["a", "b"]));
    const busy = [timed("a", 5, { inUse: 200 }), timed("slow", 500)];
    expect(balance.pick(busy, contextOf("192.0.2.1"))?.name).toBe("slow");
  });

  test("tries an idle candidate again that was slow, after 10 seconds at most", () => {
    const balance = new LeastTime(fixedRandom());
    const [slow, fast] = [timed("slow", 60_000), timed("fast", 0)];
    for (let now = 0; now <= 10_000; now += 100) {
      fast.latency?.observe(0, now);
      expect(balance.pick([slow, fast], contextOf("192.0.2.1", {}, now))?.name).toBe("fast");
    }
    fast.latency?.observe(0, 10_100);
    expect(balance.pick([slow, fast], contextOf("192.0.2.1", {}, 10_100))?.name).toBe("slow");
  });

  test("sends a candidate without recent responses one request, and waits for its response", () => {
    const balance = new LeastTime(fixedRandom());
    const unknown = { ...candidate("new"), inUse: 0 };
    const all = [unknown, timed("fast", 1)];
    expect(balance.pick(all, contextOf("192.0.2.1"))?.name).toBe("new");
    unknown.inUse = 4;
    expect(balance.pick(all, contextOf("192.0.2.1"))?.name).toBe("fast");
  });
});

describe("a latency", () => {
  test("rises to a peak at once, and falls with time and with faster responses", () => {
    const latency = new Latency();
    expect(latency.at(0)).toBeUndefined();
    latency.observe(10, 0);
    latency.observe(100, 0);
    expect(latency.at(0)).toBe(100);
    const aged = latency.at(5_000)!;
    expect(aged).toBeCloseTo(100 / Math.E, 5);
    latency.observe(10, 5_000);
    expect(latency.at(5_000)).toBeLessThan(aged + 10);
    expect(latency.at(15_001)).toBeUndefined();
  });
});
