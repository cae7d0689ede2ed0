import { describe, expect, test } from "vitest";
import { Steps } from "../chain/steps.js";
import { DENIED, QuickStep } from "../chain/scripted-steps.suite.js";
import { outcome, stepRequest, type PlainStepRequest } from "../step-requests.suite.js";
import { RateLimitStep, UserRateLimitStep, type RateLimitOptions } from "./rate-limit-step.js";
import { RATE_LIMITS } from "./rate-table.js";

const RATE = "429 PN_ACCESS_RATE";
const DENIAL = outcome(DENIED);

/** A route with a login: the field `who` names the user, and `nobody` is refused. */
class Limited {
  now = 1_000_000;
  steps: Steps;
  readonly requests: PlainStepRequest[] = [];

  constructor(options: Partial<RateLimitOptions>, former?: Steps) {
    const all = { window: 60_000, byUser: true, ...options };
    const limit = new RateLimitStep(all);
    const login = new QuickStep((request) => (request.fieldValue("who") === "nobody" ? DENIED : undefined));
    this.steps = new Steps([limit, login, new UserRateLimitStep(all, limit)], former);
  }

  ask(who: string, address = "192.0.2.1"): string {
    const principal = who === "nobody" || who === "" ? undefined : who;
    const request = stepRequest({ address, startedAt: this.now, principal }, { who });
    this.requests.push(request);
    const verdict = outcome(this.steps.check(request));
    if (verdict !== "admitted") request.end();
    return verdict;
  }

  /** How often each outcome occurs. */
  many(count: number, who: string, address?: string): Record<string, number> {
    const found: Record<string, number> = {};
    for (let n = 0; n < count; n++) {
      const each = this.ask(who, address);
      found[each] = (found[each] ?? 0) + 1;
    }
    return found;
  }
}

describe("a limit by user", () => {
  test("limits each user, whatever the address; users of one address do not limit each other", () => {
    const limited = new Limited({ requestsPerMinute: 10 });
    expect(limited.many(15, "ann")).toEqual({ admitted: 10, [RATE]: 5 });
    expect(limited.ask("ann", "192.0.2.2")).toBe(RATE);
    expect(limited.many(12, "bob")).toEqual({ admitted: 10, [RATE]: 2 });
    limited.now += 6_000;
    expect(limited.many(3, "ann")).toEqual({ admitted: 1, [RATE]: 2 });
  });

  test("does not let strangers through more often than one address may ask, and logins fail only at that address", () => {
    const limited = new Limited({ requestsPerMinute: 10 });
    expect(limited.many(50, "nobody")).toEqual({ [DENIAL]: 10, [RATE]: 40 });
    expect(limited.ask("ann")).toBe(RATE);
    expect(limited.ask("ann", "192.0.2.2")).toBe("admitted");
  });

  test("counts users that stay unknown by their address", () => {
    const limited = new Limited({ requestsPerMinute: 3 });
    expect(limited.many(5, "")).toEqual({ admitted: 3, [RATE]: 2 });
    expect(limited.ask("", "192.0.2.2")).toBe("admitted");
    // The name of a user is never the address of somebody else.
    expect(limited.ask("address 192.0.2.1", "192.0.2.3")).toBe("admitted");
  });

  test("counts requests in progress by user", () => {
    const limited = new Limited({ concurrent: 2 });
    const concurrent = "429 PN_ACCESS_CONCURRENT";
    expect(limited.many(3, "ann")).toEqual({ admitted: 2, [concurrent]: 1 });
    expect(limited.many(3, "bob")).toEqual({ admitted: 2, [concurrent]: 1 });
    limited.requests[0]!.end();
    expect(limited.many(2, "ann", "192.0.2.9")).toEqual({ admitted: 1, [concurrent]: 1 });
  });

  test("survives a reload, and a flood of users", () => {
    const limited = new Limited({ requestsPerMinute: 2 });
    limited.many(2, "ann");
    const reloaded = new Limited({ requestsPerMinute: 2, message: "Slow." }, limited.steps);
    expect(reloaded.ask("ann")).toBe(RATE);
    for (let n = 0; n < RATE_LIMITS.keys + 1_000; n++)
      reloaded.ask(`user ${n} ${"x".repeat(300)}`, `10.0.${n & 255}.1`);
    expect(reloaded.ask("ann")).toBe(RATE);
  });
});
