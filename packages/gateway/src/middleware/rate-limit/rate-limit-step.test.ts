import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Refusal } from "../../http/index.js";
import { outcome, stepRequest, type PlainStepRequest } from "../step-requests.suite.js";
import { RateLimitStep, type RateLimitOptions } from "./rate-limit-step.js";
import { RateEntry, RATE_LIMITS, RateTable, waitOf, countRequest } from "./rate-table.js";

const MINUTE = 60_000;
const RATE = "429 PN_ACCESS_RATE";
const CONCURRENT = "429 PN_ACCESS_CONCURRENT";

/** A limit, and requests to it at times that the test chooses. */
class Limited {
  now = 1_000_000.5;
  step: RateLimitStep;
  readonly requests: PlainStepRequest[] = [];

  constructor(options: Partial<RateLimitOptions>) {
    this.step = new RateLimitStep({ window: MINUTE, ...options });
  }

  ask(address = "192.0.2.1", fields: Record<string, string> = {}): string {
    return outcome(this.check(address, fields));
  }

  check(address = "192.0.2.1", fields: Record<string, string> = {}): ReturnType<RateLimitStep["check"]> {
    const request = stepRequest({ address, startedAt: this.now }, fields);
    this.requests.push(request);
    return this.step.check(request);
  }

  /** How many of `count` requests are admitted. */
  admitted(count: number, address?: string, fields?: Record<string, string>): number {
    let admitted = 0;
    for (let n = 0; n < count; n++) if (this.ask(address, fields) === "admitted") admitted++;
    return admitted;
  }
}

describe("a limit of requests", () => {
  test("admits the whole limit of its window at once, then one request after the other", () => {
    const limited = new Limited({ requestsPerMinute: 60 });
    expect(limited.admitted(100)).toBe(60);
    limited.now += 999;
    expect(limited.ask()).toBe(RATE);
    limited.now += 1;
    expect([limited.ask(), limited.ask()]).toEqual(["admitted", RATE]);
    limited.now += MINUTE;
    expect(limited.admitted(100)).toBe(60);
  });

  test.each([
    ["a window of 10 seconds", { window: 10_000 }, 10],
    ["a window of 2 minutes", { window: 2 * MINUTE }, 120],
    ["a burst", { burst: 5 }, 5],
    ["a window with less than one request", { requestsPerMinute: 1, window: 1_000 }, 1],
  ])("admits at once with %s", (_, options, expected) => {
    expect(new Limited({ requestsPerMinute: 60, ...options }).admitted(500)).toBe(expected);
  });

  test("admits its rate for any time, whatever the burst", () => {
    for (const burst of [2, 7]) {
      const limited = new Limited({ requestsPerMinute: 90, burst });
      let admitted = 0;
      for (let n = 0; n < 10 * 600; n++, limited.now += 100) admitted += limited.admitted(1);
      expect(admitted).toBeGreaterThanOrEqual(900);
      expect(admitted).toBeLessThanOrEqual(900 + burst);
    }
  });

  test("counts all link-local visitors of a network as one, whatever their addresses and their links", () => {
    const limited = new Limited({ requestsPerMinute: 2 });
    const addresses = ["fe80::1%eth0", "fe80::2%eth0", "fe80::3%eth1", "fe80::4"];
    expect(addresses.map((address) => limited.ask(address))).toEqual(["admitted", "admitted", RATE, RATE]);
    expect(limited.ask("fe80:0:0:1::1%eth0")).toBe("admitted");
  });

  test("says when to come back", () => {
    const limited = new Limited({ requestsPerMinute: 6, message: "Slow down." });
    limited.admitted(6);
    limited.now += 2_500;
    const { retryAfter, fields, message } = limited.check() as Refusal;
    expect([retryAfter, message]).toEqual([8, "Slow down."]);
    expect(fields).toEqual({
      "RateLimit-Policy": "6;w=60",
      "RateLimit-Limit": "6",
      "RateLimit-Remaining": "0",
      "RateLimit-Reset": "58",
    });
  });

  test("does not count requests that it refuses", () => {
    const limited = new Limited({ requestsPerMinute: 60, burst: 1 });
    limited.admitted(1_000);
    limited.now += 1_000;
    expect(limited.ask()).toBe("admitted");
  });

  test("counts each address alone; an IPv6 network of a host is one visitor", () => {
    const limited = new Limited({ requestsPerMinute: 60, burst: 1 });
    for (const address of ["192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8:0:1::1", "unknown"])
      expect([limited.ask(address), limited.ask(address)], address).toEqual(["admitted", RATE]);
    expect(limited.ask("2001:db8::ffff:1:2:3")).toBe(RATE);
    expect(limited.ask("2001:db8:0:0:1::1")).toBe(RATE);
  });

  test("is kept over a reload, with the new numbers", () => {
    const limited = new Limited({ requestsPerMinute: 60, burst: 10 });
    limited.admitted(10);
    const former = limited.step;
    limited.step = new RateLimitStep({ window: MINUTE, requestsPerMinute: 60, burst: 12 });
    limited.step.inherit(former);
    expect(limited.admitted(5)).toBe(2);
  });
});

describe("a limit by a header", () => {
  const KEY = { "x-key": "a" };

  test("counts each value alone, over all addresses", () => {
    const limited = new Limited({ requestsPerMinute: 60, burst: 2, byHeader: "x-key" });
    expect(["192.0.2.1", "192.0.2.2", "192.0.2.3"].map((address) => limited.ask(address, KEY))).toEqual([
      "admitted",
      "admitted",
      RATE,
    ]);
    expect(limited.ask("192.0.2.3", { "x-key": "b" })).toBe("admitted");
    expect(limited.admitted(5, "192.0.2.4", { "x-key": "x".repeat(5_000) })).toBe(2);
    expect(limited.admitted(5, "192.0.2.5", { "x-key": `${"x".repeat(4_999)}y` })).toBe(2);
  });

  test("counts addresses, too, so that a visitor gains nothing with values of its own or without the header", () => {
    const limited = new Limited({ requestsPerMinute: 60, burst: 3, byHeader: "x-key" });
    let admitted = 0;
    for (let n = 0; n < 10; n++) admitted += limited.admitted(1, "192.0.2.1", { "x-key": String(n) });
    expect(admitted).toBe(3);
    expect(limited.admitted(10, "192.0.2.2")).toBe(3);
  });

  test("charges nothing if one of the two refuses", () => {
    const limited = new Limited({ requestsPerMinute: 60, burst: 1, byHeader: "x-key" });
    limited.ask("192.0.2.1", KEY);
    expect(limited.ask("192.0.2.2", KEY)).toBe(RATE);
    expect(limited.ask("192.0.2.2")).toBe("admitted");
  });

  test("cannot use a header that targets do not get from visitors", () => {
    expect(() => new Limited({ byHeader: "x-forwarded-for" })).toThrow(/visitors can forge it/);
    expect(() => new Limited({ byHeader: "a b" })).toThrow(/not a header name/);
  });
});

describe("a limit of requests in progress", () => {
  test("counts until a request is over", () => {
    const limited = new Limited({ concurrent: 2 });
    expect([limited.ask(), limited.ask(), limited.ask()]).toEqual(["admitted", "admitted", CONCURRENT]);
    expect((limited.check() as Refusal).retryAfter).toBe(1);
    expect(limited.ask("192.0.2.2")).toBe("admitted");
    limited.requests[0]!.end();
    expect([limited.ask(), limited.ask()]).toEqual(["admitted", CONCURRENT]);
  });

  test("counts by address and by header", () => {
    const limited = new Limited({ concurrent: 1, byHeader: "x-key" });
    expect(limited.ask("192.0.2.1", { "x-key": "a" })).toBe("admitted");
    expect(limited.ask("192.0.2.2", { "x-key": "a" })).toBe(CONCURRENT);
    expect(limited.ask("192.0.2.1", { "x-key": "b" })).toBe(CONCURRENT);
    for (const request of limited.requests) request.end();
    expect(limited.ask("192.0.2.2", { "x-key": "a" })).toBe("admitted");
  });

  test("is kept over a reload: requests in progress still count, and end", () => {
    const limited = new Limited({ concurrent: 1 });
    limited.ask();
    const former = limited.step;
    limited.step = new RateLimitStep({ window: MINUTE, concurrent: 1 });
    limited.step.inherit(former);
    expect(limited.ask()).toBe(CONCURRENT);
    limited.requests[0]!.end();
    expect(limited.ask()).toBe("admitted");
  });
});

describe("the table", () => {
  const rate = { interval: 1_000, burst: 10 };
  const use = (table: RateTable, key: string, now: number): boolean => {
    const entry = table.entry(key, now, rate.interval);
    if (entry === undefined || waitOf(entry, rate, now) > 0) return false;
    countRequest(entry, rate, now);
    return true;
  };

  test("a million addresses take no more memory than it has places, and win no request for a key that is limited", () => {
    const table = new RateTable();
    const exact = new RateEntry("exact");
    let now = 0;
    let largest = 0;
    for (let n = 0; n < 1_000_000; n++) {
      now += 0.01;
      use(table, `flood ${n}`, now);
      largest = Math.max(largest, table.size);
      if (n % 1_000 !== 0) continue;
      const expected = waitOf(exact, rate, now) === 0;
      if (expected) countRequest(exact, rate, now);
      expect(use(table, "mine", now), String(n)).toBe(expected);
    }
    expect(largest).toBe(RATE_LIMITS.keys);
  });

  test("forgets keys that have their whole burst again", () => {
    const table = new RateTable();
    for (let n = 0; n < 1_000; n++) use(table, String(n), n);
    expect(table.size).toBe(1_000);
    for (let n = 0; n < 1_000; n++) use(table, "late", 1e6 + n);
    for (let n = 0; n < 600; n++) use(table, `later ${n}`, 3e6);
    expect(table.size).toBeLessThanOrEqual(602);
  });

  test("keeps keys with requests in progress, and refuses further ones only if all have", () => {
    const table = new RateTable(3);
    const busy = ["a", "b", "c"].map((key) => {
      const entry = table.entry(key, 0, 0)!;
      entry.inProgress = 1;
      return entry;
    });
    expect(table.entry("d", 10_000, 0)).toBeUndefined();
    busy[1]!.release();
    expect(table.entry("d", 20_000, 0)?.key).toBe("d");
    expect([table.entry("a", 20_000, 0), table.entry("c", 20_000, 0)]).toEqual([busy[0], busy[2]]);
  });

  test("equals a table without a bound while its keys have room", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(7), fc.nat(4_000)), { maxLength: 300 }), (events) => {
        const table = new RateTable(8);
        const twin = new Map<number, RateEntry>();
        let now = 0;
        for (const [key, passed] of events) {
          now += passed;
          const entry = twin.get(key) ?? new RateEntry("");
          twin.set(key, entry);
          const expected = waitOf(entry, rate, now) === 0;
          if (expected) countRequest(entry, rate, now);
          expect(use(table, String(key), now)).toBe(expected);
        }
      }),
    );
  });
});
