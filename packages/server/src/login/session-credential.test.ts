import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { TunnelError, type Auth } from "@postern/protocol";
import { SessionCredential } from "./session-credential.js";
import type { Principal } from "./principal.js";
import { NamePatterns } from "../names/name-patterns.js";

const NOTICE = 60_000;
const AUTH: Auth = { method: "token", token: "t" };

/** A session's credential with a scripted clock and authenticator. It records all events. */
class Scripted {
  now = 1_700_000_000_000;
  readonly expiring: number[] = [];
  readonly ends: string[] = [];
  readonly faults: unknown[] = [];
  /** The outcome of the next check. */
  check: () => Principal | Promise<Principal> = () => this.principal();
  readonly credential = new SessionCredential(
    {
      authenticate: () => this.check(),
      onCredentialExpiring: (milliseconds) => this.expiring.push(milliseconds),
      onCredentialEnd: ({ code }) => this.ends.push(code),
      onCredentialFault: (error) => this.faults.push(error),
    },
    () => this.now,
  );

  principal(more: Partial<Principal> = {}): Principal {
    return {
      owner: "alice",
      user: undefined,
      names: NamePatterns.any,
      expiresAt: Infinity,
      isAccepted: () => true,
      recheck: undefined,
      ...more,
    };
  }

  /** Authenticates with this outcome of the check. Returns the outcome; undefined if it is not known yet. */
  authenticate(checked: Principal | Promise<Principal> | Error): Principal | string | undefined {
    let settled: Principal | string | undefined;
    this.check = () => {
      if (checked instanceof Error) throw checked;
      return checked;
    };
    this.credential.authenticate(
      AUTH,
      (outcome) => (settled = outcome instanceof TunnelError ? outcome.code : outcome),
    );
    return settled;
  }

  expiringIn(milliseconds: number, more: Partial<Principal> = {}): Principal {
    return this.principal({ expiresAt: this.now + milliseconds, ...more });
  }
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("a credential", () => {
  test("is in force once it is accepted, synchronously where possible", () => {
    const scripted = new Scripted();
    expect([scripted.credential.principal, scripted.credential.check()]).toEqual([undefined, false]);
    const alice = scripted.principal();
    expect(scripted.authenticate(alice)).toBe(alice);
    expect([scripted.credential.principal, scripted.credential.check(), scripted.credential.remaining]).toEqual([
      alice,
      true,
      undefined,
    ]);
  });

  test("whose check takes a while is in force once the check has finished", async () => {
    const scripted = new Scripted();
    const pending = Promise.withResolvers<Principal>();
    expect(scripted.authenticate(pending.promise)).toBeUndefined();
    expect([scripted.credential.isAuthenticating, scripted.credential.principal]).toEqual([true, undefined]);
    const alice = scripted.principal();
    pending.resolve(alice);
    await settled();
    expect([scripted.credential.isAuthenticating, scripted.credential.principal]).toEqual([false, alice]);
  });

  test.for([
    [new TunnelError("PN_AUTH_REFUSED"), "PN_AUTH_REFUSED", 0],
    [new TunnelError("PN_AUTH_UNAVAILABLE"), "PN_AUTH_UNAVAILABLE", 0],
    [new RangeError("a fault"), "PN_INTERNAL", 1],
  ] as const)("that is refused (%s) changes nothing, thrown or rejected", async ([error, code, faults]) => {
    const scripted = new Scripted();
    const alice = scripted.expiringIn(NOTICE);
    scripted.authenticate(alice);
    expect(scripted.authenticate(error)).toBe(code);
    scripted.authenticate(Promise.reject(error));
    await settled();
    expect([scripted.credential.principal, scripted.credential.isAuthenticating, scripted.ends]).toEqual([
      alice,
      false,
      [],
    ]);
    expect(scripted.faults).toHaveLength(2 * faults);
  });

  test("that has already expired is refused", () => {
    const scripted = new Scripted();
    expect(scripted.authenticate(scripted.expiringIn(0))).toBe("PN_AUTH_EXPIRED");
    expect(scripted.credential.principal).toBeUndefined();
  });

  test("of another owner is refused, and the earlier one stays in force until it expires", () => {
    const scripted = new Scripted();
    const alice = scripted.expiringIn(1_000);
    scripted.authenticate(alice);
    expect(scripted.authenticate(scripted.expiringIn(9_000, { owner: "bob" }))).toBe("PN_AUTH_REFUSED");
    expect([scripted.credential.principal, scripted.credential.remaining]).toEqual([alice, 1_000]);
    scripted.now += 1_000;
    expect([scripted.credential.check(), scripted.ends]).toEqual([false, ["PN_AUTH_EXPIRED"]]);
  });

  test("that is revoked ends at the next check, once", () => {
    const scripted = new Scripted();
    let isAccepted = true;
    scripted.authenticate(scripted.principal({ isAccepted: () => isAccepted }));
    expect(scripted.credential.check()).toBe(true);
    isAccepted = false;
    expect([scripted.credential.check(), scripted.credential.check()]).toEqual([false, false]);
    expect(scripted.ends).toEqual(["PN_AUTH_REFUSED"]);
  });

  test("is announced before it expires: a minute, or half of a shorter lifetime", () => {
    for (const [life, notice] of [
      [600_000, NOTICE],
      [2 * NOTICE, NOTICE],
      [10_000, 5_000],
    ] as const) {
      const scripted = new Scripted();
      scripted.authenticate(scripted.expiringIn(life));
      scripted.now += life - notice - 1;
      scripted.credential.check();
      expect(scripted.expiring).toEqual([]);
      scripted.now += 1;
      scripted.credential.check();
      scripted.credential.check();
      expect(scripted.expiring).toEqual([notice]);
    }
  });

  test("that replaces another in time is announced at its own time", () => {
    const scripted = new Scripted();
    scripted.authenticate(scripted.expiringIn(10_000));
    scripted.now += 5_000;
    scripted.credential.check();
    scripted.authenticate(scripted.expiringIn(10_000));
    scripted.now += 5_000;
    expect([scripted.credential.check(), scripted.expiring, scripted.ends]).toEqual([true, [5_000, 5_000], []]);
  });

  test("calls no callback after dispose, even if a check is in progress", async () => {
    const scripted = new Scripted();
    scripted.authenticate(
      scripted.expiringIn(1_000, { recheck: { every: 1, again: () => Promise.reject(new Error("late")) } }),
    );
    scripted.now += 1;
    scripted.credential.check();
    const pending = Promise.withResolvers<Principal>();
    let calls = 0;
    scripted.check = () => pending.promise;
    scripted.credential.authenticate(AUTH, () => calls++);
    scripted.credential.dispose();
    pending.resolve(scripted.principal());
    scripted.now += 1_000;
    await settled();
    expect([scripted.credential.check(), calls, scripted.expiring, scripted.ends]).toEqual([false, 0, [], []]);
  });
});

describe("a credential that its issuer must recheck", () => {
  /** Authenticates a credential that is rechecked every second, with scripted outcomes. */
  function rechecked(
    scripted: Scripted,
    more: Partial<Principal> = {},
  ): { outcomes: (Principal | Error)[]; count: number } {
    const rechecks = {
      outcomes: [] as (Principal | Error)[],
      count: 0,
    };
    const principal = (): Principal =>
      scripted.principal({
        ...more,
        recheck: {
          every: 1_000,
          again: async () => {
            rechecks.count++;
            const outcome = rechecks.outcomes.shift() ?? principal();
            if (outcome instanceof Error) throw outcome;
            return outcome;
          },
        },
      });
    scripted.authenticate(principal());
    return rechecks;
  }

  const second = async (scripted: Scripted): Promise<boolean> => {
    scripted.now += 1_000;
    const counts = scripted.credential.check();
    await settled();
    return counts && scripted.credential.check();
  };

  test("is rechecked on time, one check at a time", async () => {
    const scripted = new Scripted();
    const rechecks = rechecked(scripted);
    scripted.credential.check();
    expect(rechecks.count).toBe(0);
    scripted.now += 1_000;
    for (const _ of [1, 2, 3]) scripted.credential.check();
    await settled();
    expect(rechecks.count).toBe(1);
    expect([await second(scripted), rechecks.count]).toEqual([true, 2]);
  });

  test.for(["PN_AUTH_REFUSED", "PN_AUTH_EXPIRED"] as const)("ends with %s", async (code) => {
    const scripted = new Scripted();
    rechecked(scripted).outcomes.push(new TunnelError(code));
    expect([await second(scripted), scripted.ends]).toEqual([false, [code]]);
  });

  test("stays in force while the issuer is unreachable or the check fails, and is rechecked", async () => {
    const scripted = new Scripted();
    const rechecks = rechecked(scripted);
    rechecks.outcomes.push(new TunnelError("PN_AUTH_UNAVAILABLE"), new Error("a fault"));
    for (const _ of [1, 2, 3]) expect(await second(scripted)).toBe(true);
    expect([rechecks.count, scripted.ends, scripted.faults.length]).toEqual([3, [], 1]);
    rechecks.outcomes.push(new TunnelError("PN_AUTH_REFUSED"));
    expect(await second(scripted)).toBe(false);
  });

  test("ends when it belongs to another owner now", async () => {
    const scripted = new Scripted();
    rechecked(scripted).outcomes.push(scripted.principal({ owner: "bob" }));
    expect([await second(scripted), scripted.ends]).toEqual([false, ["PN_AUTH_REFUSED"]]);
  });

  test("ends sooner when a recheck shortens it", async () => {
    const scripted = new Scripted();
    rechecked(scripted).outcomes.push(scripted.expiringIn(2_500));
    expect(await second(scripted)).toBe(true);
    scripted.now += 1_500;
    expect([scripted.credential.check(), scripted.ends]).toEqual([false, ["PN_AUTH_EXPIRED"]]);
  });

  test("a recheck of a credential that was replaced changes nothing", async () => {
    const scripted = new Scripted();
    rechecked(scripted).outcomes.push(new TunnelError("PN_AUTH_REFUSED"));
    scripted.now += 1_000;
    scripted.credential.check();
    const next = scripted.principal();
    scripted.authenticate(next);
    await settled();
    expect([scripted.credential.check(), scripted.credential.principal, scripted.ends]).toEqual([true, next, []]);
  });

  test("is announced once, on time, however often it is rechecked", async () => {
    const scripted = new Scripted();
    rechecked(scripted, { expiresAt: scripted.now + 20_000 });
    while (await second(scripted));
    expect([scripted.expiring, scripted.ends]).toEqual([[10_000], ["PN_AUTH_EXPIRED"]]);
  });
});

/** A naive model of the expected state. */
class Model {
  owner: string | undefined;
  end = Infinity;
  isAccepted = true;
  notice = Infinity;
  over = false;
}

test("any sequence of events agrees with the model", async () => {
  const life = fc.integer({ min: -1_000, max: 200_000 });
  const step = fc.oneof(
    fc.record({ do: fc.constant("prove" as const), owner: fc.constantFrom("alice", "bob"), life, async: fc.boolean() }),
    fc.record({ do: fc.constant("pass" as const), time: fc.nat(70_000) }),
    fc.record({ do: fc.constant("revoke" as const) }),
    fc.record({ do: fc.constant("refuse" as const) }),
    fc.record({ do: fc.constant("dispose" as const) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const scripted = new Scripted();
      const model = new Model();
      const announced: number[] = [];
      let revoked = (): void => {};
      for (const each of steps) {
        if (each.do === "prove") {
          let isAccepted = true;
          const principal = scripted.expiringIn(each.life, { owner: each.owner, isAccepted: () => isAccepted });
          scripted.authenticate(each.async ? Promise.resolve(principal) : principal);
          if (each.async) await settled();
          const taken = !model.over && each.life > 0 && (model.owner ?? each.owner) === each.owner;
          if (taken) {
            const notice = principal.expiresAt - Math.min(NOTICE, each.life / 2);
            // The same expiry is not announced again.
            if (principal.expiresAt !== model.end) model.notice = notice;
            Object.assign(model, { owner: each.owner, end: principal.expiresAt, isAccepted: true });
            revoked = () => (isAccepted = false);
          }
        } else if (each.do === "pass") scripted.now += each.time;
        else if (each.do === "refuse") scripted.authenticate(new TunnelError("PN_AUTH_REFUSED"));
        else if (each.do === "revoke") {
          revoked();
          model.isAccepted = false;
        } else {
          scripted.credential.dispose();
          model.over = true;
        }
        const counts = !model.over && model.owner !== undefined && model.isAccepted && scripted.now < model.end;
        const ends = !model.over && model.owner !== undefined && !counts;
        const before = scripted.ends.length;
        expect(scripted.credential.check()).toBe(counts);
        expect(scripted.ends.slice(before)).toEqual(
          ends ? [model.isAccepted ? "PN_AUTH_EXPIRED" : "PN_AUTH_REFUSED"] : [],
        );
        if (ends) model.over = true;
        if (counts && scripted.now >= model.notice) {
          announced.push(model.end - scripted.now);
          model.notice = Infinity;
        }
        expect(scripted.expiring).toEqual(announced);
        expect(scripted.credential.principal?.owner).toBe(model.owner);
        expect(scripted.credential.isAuthenticating).toBe(false);
      }
    }),
    { numRuns: 500 },
  );
});
