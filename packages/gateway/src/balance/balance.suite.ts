import { describe, expect, test } from "vitest";
import type { Balance, Candidate, PickContext } from "./candidate.js";

export interface NamedCandidate extends Candidate {
  readonly name: string;
}

export function candidate(name: string, more: Partial<Candidate> = {}): NamedCandidate {
  const weight = more.weight ?? 1;
  return { available: true, suspect: false, inUse: 0, weight, share: weight, ...more, name };
}

/** The context of a request from an address, without header fields. */
export function contextOf(address: string, fields: Readonly<Record<string, string>> = {}, startedAt = 0): PickContext {
  return { address, startedAt, request: { fieldValue: (name) => fields[name] ?? "" } };
}

/** The names of `count` picks in a row, for requests from different addresses. */
export function picks(
  balance: Balance,
  candidates: readonly NamedCandidate[],
  count: number,
  except?: readonly NamedCandidate[],
): (string | undefined)[] {
  return Array.from({ length: count }, (_, n) => balance.pick(candidates, contextOf(`192.0.2.${n}`), except)?.name);
}

/** How often each candidate is picked. */
export function counts(balance: Balance, candidates: readonly NamedCandidate[], count: number): number[] {
  const picked = picks(balance, candidates, count);
  return candidates.map(({ name }) => picked.filter((each) => each === name).length);
}

/** Numbers between 0 and 1 that look random and are always the same (mulberry32). */
export function fixedRandom(seed = 1): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

/** How far counts are from those expected. With 2 degrees of freedom, chance exceeds 13.8 once in 1,000 times. */
export function chiSquare(actual: readonly number[], shares: readonly number[]): number {
  const total = actual.reduce((sum, each) => sum + each, 0);
  const all = shares.reduce((sum, each) => sum + each, 0);
  return actual.reduce((sum, each, n) => {
    const expected = (total * shares[n]!) / all;
    return sum + (each - expected) ** 2 / expected;
  }, 0);
}

export interface BalanceTraits {
  /** Whether equal candidates get equally many requests. Default true. */
  spreads?: boolean;
  /** Whether idle candidates get requests in proportion to their weights. Default false. */
  weighs?: boolean;
  /** Whether a slow start reduces the requests that an idle candidate gets. Default: as `weighs`. */
  ramps?: boolean;
}

/** The behaviour that all policies share. */
export function describeBalance(
  create: () => Balance,
  { spreads = true, weighs = false, ramps = weighs }: BalanceTraits = {},
): void {
  describe("like every policy", () => {
    test("picks nothing from nothing", () => {
      expect(create().pick([], contextOf("192.0.2.1"))).toBeUndefined();
    });

    test("picks a sole candidate, whatever its state", () => {
      const states = [{}, { suspect: true }, { available: false }, { available: false, suspect: true, inUse: 9 }];
      for (const state of states) expect(picks(create(), [candidate("a", state)], 2)).toEqual(["a", "a"]);
    });

    test("picks an available candidate before a suspect one, and a suspect one before an unavailable one", () => {
      const busy = candidate("busy", { inUse: 100 });
      const suspect = candidate("suspect", { suspect: true, inUse: 1 });
      const unavailable = candidate("unavailable", { available: false });
      expect(new Set(picks(create(), [unavailable, suspect, busy], 60))).toEqual(new Set(["busy"]));
      expect(new Set(picks(create(), [unavailable, suspect], 60))).toEqual(new Set(["suspect"]));
    });

    test("never picks a candidate that has failed the request", () => {
      const three = ["a", "b", "c"].map((name) => candidate(name));
      const balance = create();
      expect(picks(balance, three, 60, three.slice(0, 1))).not.toContain("a");
      expect(new Set(picks(balance, three, 60, three.slice(0, 2)))).toEqual(new Set(["c"]));
      expect(picks(balance, three, 2, three)).toEqual([undefined, undefined]);
      expect(picks(create(), three.slice(0, 1), 1, three)).toEqual([undefined]);
    });

    test("leaves out a candidate while it flaps, and uses it again afterwards", () => {
      const balance = create();
      const flapping = { ...candidate("a"), available: true };
      const all = [flapping, candidate("b"), candidate("c")];
      for (let n = 0; n < 100; n++) {
        flapping.available = n % 2 === 1;
        const picked = balance.pick(all, contextOf(`192.0.2.${n}`));
        if (!flapping.available) expect(picked).not.toBe(flapping);
      }
      expect(picks(balance, all, 100)).toContain("a");
    });

    test("follows candidates that come and go", () => {
      const balance = create();
      const three = ["a", "b", "c"].map((name) => candidate(name));
      for (let count = 3; count > 0; count--) {
        const left = three.slice(0, count);
        expect(left).toContain(balance.pick(left, contextOf("192.0.2.1")));
      }
      expect(three).toContain(balance.pick(three, contextOf("192.0.2.1")));
    });

    if (spreads) {
      test("picks equal candidates equally often, few or many", () => {
        const three = ["a", "b", "c"].map((name) => candidate(name));
        expect(chiSquare(counts(create(), three, 3_000), [1, 1, 1])).toBeLessThan(13.8);
        const many = Array.from({ length: 200 }, (_, n) => candidate(`t${n}`));
        const least = Math.min(...counts(create(), many, 20_000));
        expect(least).toBeGreaterThan(50);
      });
    }

    if (weighs) {
      test("picks candidates by their weights, which can change while it runs", () => {
        const balance = create();
        const weighted = [1, 2, 3].map((weight) => candidate(`w${weight}`, { weight }));
        expect(chiSquare(counts(balance, weighted, 3_000), [1, 2, 3])).toBeLessThan(13.8);
        const changed = [5, 1, 1].map((weight, n) => candidate(`w${n + 1}`, { weight }));
        expect(chiSquare(counts(balance, changed, 3_000), [5, 1, 1])).toBeLessThan(13.8);
        const extreme = [65_535, 1].map((weight) => candidate(`x${weight}`, { weight }));
        expect(counts(balance, extreme, 1_000)[0]).toBeGreaterThan(990);
      });
    }

    if (ramps) {
      test("picks a candidate less often during its slow start", () => {
        const slow = candidate("slow", { share: 0.25 });
        const [few, many] = counts(create(), [slow, candidate("b")], 2_500) as [number, number];
        expect(chiSquare([few, many], [1, 4])).toBeLessThan(13.8);
      });
    }
  });
}
