import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { TunnelError, type Auth } from "@postern/protocol";
import { Authority } from "./session-credential.js";
import type { Identity } from "./principal.js";
import { NamePatterns } from "../names/name-patterns.js";

const NOTICE = 60_000;
const AUTH: Auth = { method: "token", token: "t" };

/** An authority with its clock, what proves its credentials, and what it tells. */
class Played {
  now = 1_700_000_000_000;
  readonly expiring: number[] = [];
  readonly ends: string[] = [];
  readonly faults: unknown[] = [];
  /** What the next credential is worth. */
  proof: () => Identity | Promise<Identity> = () => this.identity();
  readonly authority = new Authority(
    { authenticate: () => this.proof() },
    {
      onExpiring: (milliseconds) => this.expiring.push(milliseconds),
      onEnd: ({ code }) => this.ends.push(code),
      onFault: (error) => this.faults.push(error),
    },
    () => this.now,
  );

  identity(more: Partial<Identity> = {}): Identity {
    return {
      owner: "alice",
      user: undefined,
      names: NamePatterns.any,
      expiresAt: Infinity,
      stands: () => true,
      recheck: undefined,
      ...more,
    };
  }

  /** Proves a credential that is worth this; what came of it. */
  prove(proof: Identity | Promise<Identity> | Error): Identity | string | undefined {
    let told: Identity | string | undefined;
    this.proof = () => {
      if (proof instanceof Error) throw proof;
      return proof;
    };
    this.authority.prove(AUTH, (outcome) => (told = outcome instanceof TunnelError ? outcome.code : outcome));
    return told;
  }

  lasting(milliseconds: number, more: Partial<Identity> = {}): Identity {
    return this.identity({ expiresAt: this.now + milliseconds, ...more });
  }
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("a credential", () => {
  test("counts from when it is proved, at once where that is possible", () => {
    const played = new Played();
    expect([played.authority.identity, played.authority.check()]).toEqual([undefined, false]);
    const alice = played.identity();
    expect(played.prove(alice)).toBe(alice);
    expect([played.authority.identity, played.authority.check(), played.authority.remaining]).toEqual([
      alice,
      true,
      undefined,
    ]);
  });

  test("that takes a while is looked at alone", async () => {
    const played = new Played();
    const proof = Promise.withResolvers<Identity>();
    expect(played.prove(proof.promise)).toBeUndefined();
    expect([played.authority.proving, played.authority.identity]).toEqual([true, undefined]);
    const alice = played.identity();
    proof.resolve(alice);
    await settled();
    expect([played.authority.proving, played.authority.identity]).toEqual([false, alice]);
  });

  test.for([
    [new TunnelError("PN_AUTH_REFUSED"), "PN_AUTH_REFUSED", 0],
    [new TunnelError("PN_AUTH_UNAVAILABLE"), "PN_AUTH_UNAVAILABLE", 0],
    [new RangeError("a fault"), "PN_INTERNAL", 1],
  ] as const)("that is refused (%s) changes nothing, thrown or rejected", async ([error, code, faults]) => {
    const played = new Played();
    const alice = played.lasting(NOTICE);
    played.prove(alice);
    expect(played.prove(error)).toBe(code);
    played.prove(Promise.reject(error));
    await settled();
    expect([played.authority.identity, played.authority.proving, played.ends]).toEqual([alice, false, []]);
    expect(played.faults).toHaveLength(2 * faults);
  });

  test("that has ended already is no credential", () => {
    const played = new Played();
    expect(played.prove(played.lasting(0))).toBe("PN_AUTH_EXPIRED");
    expect(played.authority.identity).toBeUndefined();
  });

  test("of another owner is refused, and the one before goes on to its own end", () => {
    const played = new Played();
    const alice = played.lasting(1_000);
    played.prove(alice);
    expect(played.prove(played.lasting(9_000, { owner: "bob" }))).toBe("PN_AUTH_REFUSED");
    expect([played.authority.identity, played.authority.remaining]).toEqual([alice, 1_000]);
    played.now += 1_000;
    expect([played.authority.check(), played.ends]).toEqual([false, ["PN_AUTH_EXPIRED"]]);
  });

  test("that is taken back ends at the next look, once", () => {
    const played = new Played();
    let stands = true;
    played.prove(played.identity({ stands: () => stands }));
    expect(played.authority.check()).toBe(true);
    stands = false;
    expect([played.authority.check(), played.authority.check()]).toEqual([false, false]);
    expect(played.ends).toEqual(["PN_AUTH_REFUSED"]);
  });

  test("is told before it ends: a minute, or half of a shorter life", () => {
    for (const [life, notice] of [
      [600_000, NOTICE],
      [2 * NOTICE, NOTICE],
      [10_000, 5_000],
    ] as const) {
      const played = new Played();
      played.prove(played.lasting(life));
      played.now += life - notice - 1;
      played.authority.check();
      expect(played.expiring).toEqual([]);
      played.now += 1;
      played.authority.check();
      played.authority.check();
      expect(played.expiring).toEqual([notice]);
    }
  });

  test("that comes in time is told of at its own time", () => {
    const played = new Played();
    played.prove(played.lasting(10_000));
    played.now += 5_000;
    played.authority.check();
    played.prove(played.lasting(10_000));
    played.now += 5_000;
    expect([played.authority.check(), played.expiring, played.ends]).toEqual([true, [5_000, 5_000], []]);
  });

  test("nobody hears anything when the session is over, whatever was under way", async () => {
    const played = new Played();
    played.prove(played.lasting(1_000, { recheck: { every: 1, again: () => Promise.reject(new Error("late")) } }));
    played.now += 1;
    played.authority.check();
    const proof = Promise.withResolvers<Identity>();
    let told = 0;
    played.proof = () => proof.promise;
    played.authority.prove(AUTH, () => told++);
    played.authority.dispose();
    proof.resolve(played.identity());
    played.now += 1_000;
    await settled();
    expect([played.authority.check(), told, played.expiring, played.ends]).toEqual([false, 0, [], []]);
  });
});

describe("a credential that somebody else has to be asked about", () => {
  /** One that is asked about every second; what is said then. */
  function asked(played: Played, more: Partial<Identity> = {}): { answers: (Identity | Error)[]; looks: number } {
    const asking = {
      answers: [] as (Identity | Error)[],
      looks: 0,
    };
    const identity = (): Identity =>
      played.identity({
        ...more,
        recheck: {
          every: 1_000,
          again: async () => {
            asking.looks++;
            const answer = asking.answers.shift() ?? identity();
            if (answer instanceof Error) throw answer;
            return answer;
          },
        },
      });
    played.prove(identity());
    return asking;
  }

  const second = async (played: Played): Promise<boolean> => {
    played.now += 1_000;
    const counts = played.authority.check();
    await settled();
    return counts && played.authority.check();
  };

  test("is asked about at its time, one question at once", async () => {
    const played = new Played();
    const asking = asked(played);
    played.authority.check();
    expect(asking.looks).toBe(0);
    played.now += 1_000;
    for (const _ of [1, 2, 3]) played.authority.check();
    await settled();
    expect(asking.looks).toBe(1);
    expect([await second(played), asking.looks]).toEqual([true, 2]);
  });

  test.for(["PN_AUTH_REFUSED", "PN_AUTH_EXPIRED"] as const)("ends with %s", async (code) => {
    const played = new Played();
    asked(played).answers.push(new TunnelError(code));
    expect([await second(played), played.ends]).toEqual([false, [code]]);
  });

  test("goes on while nobody can be asked, or something broke, and is asked about again", async () => {
    const played = new Played();
    const asking = asked(played);
    asking.answers.push(new TunnelError("PN_AUTH_UNAVAILABLE"), new Error("a fault"));
    for (const _ of [1, 2, 3]) expect(await second(played)).toBe(true);
    expect([asking.looks, played.ends, played.faults.length]).toEqual([3, [], 1]);
    asking.answers.push(new TunnelError("PN_AUTH_REFUSED"));
    expect(await second(played)).toBe(false);
  });

  test("ends when it is somebody else's by now", async () => {
    const played = new Played();
    asked(played).answers.push(played.identity({ owner: "bob" }));
    expect([await second(played), played.ends]).toEqual([false, ["PN_AUTH_REFUSED"]]);
  });

  test("ends sooner when its issuer says so", async () => {
    const played = new Played();
    asked(played).answers.push(played.lasting(2_500));
    expect(await second(played)).toBe(true);
    played.now += 1_500;
    expect([played.authority.check(), played.ends]).toEqual([false, ["PN_AUTH_EXPIRED"]]);
  });

  test("an answer about one that counts no more changes nothing", async () => {
    const played = new Played();
    asked(played).answers.push(new TunnelError("PN_AUTH_REFUSED"));
    played.now += 1_000;
    played.authority.check();
    const next = played.identity();
    played.prove(next);
    await settled();
    expect([played.authority.check(), played.authority.identity, played.ends]).toEqual([true, next, []]);
  });

  test("is told once before it ends, at its time, however often it is asked about", async () => {
    const played = new Played();
    asked(played, { expiresAt: played.now + 20_000 });
    while (await second(played));
    expect([played.expiring, played.ends]).toEqual([[10_000], ["PN_AUTH_EXPIRED"]]);
  });
});

/** What an authority should be, in as few words as possible. */
class Model {
  owner: string | undefined;
  end = Infinity;
  stands = true;
  notice = Infinity;
  over = false;
}

test("whatever happens in whatever order, it is as its model says", async () => {
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
      const played = new Played();
      const model = new Model();
      const told: number[] = [];
      let revoked = (): void => {};
      for (const each of steps) {
        if (each.do === "prove") {
          let stands = true;
          const identity = played.lasting(each.life, { owner: each.owner, stands: () => stands });
          played.prove(each.async ? Promise.resolve(identity) : identity);
          if (each.async) await settled();
          const taken = !model.over && each.life > 0 && (model.owner ?? each.owner) === each.owner;
          if (taken) {
            const notice = identity.expiresAt - Math.min(NOTICE, each.life / 2);
            // Another one with the same end is no news.
            if (identity.expiresAt !== model.end) model.notice = notice;
            Object.assign(model, { owner: each.owner, end: identity.expiresAt, stands: true });
            revoked = () => (stands = false);
          }
        } else if (each.do === "pass") played.now += each.time;
        else if (each.do === "refuse") played.prove(new TunnelError("PN_AUTH_REFUSED"));
        else if (each.do === "revoke") {
          revoked();
          model.stands = false;
        } else {
          played.authority.dispose();
          model.over = true;
        }
        const counts = !model.over && model.owner !== undefined && model.stands && played.now < model.end;
        const ends = !model.over && model.owner !== undefined && !counts;
        const before = played.ends.length;
        expect(played.authority.check()).toBe(counts);
        expect(played.ends.slice(before)).toEqual(ends ? [model.stands ? "PN_AUTH_EXPIRED" : "PN_AUTH_REFUSED"] : []);
        if (ends) model.over = true;
        if (counts && played.now >= model.notice) {
          told.push(model.end - played.now);
          model.notice = Infinity;
        }
        expect(played.expiring).toEqual(told);
        expect(played.authority.identity?.owner).toBe(model.owner);
        expect(played.authority.proving).toBe(false);
      }
    }),
    { numRuns: 500 },
  );
});
