import { describe, expect, test } from "vitest";
import type { Balance, Candidate, PickContext } from "./candidate.js";

export interface NamedCandidate extends Candidate {
  name: string;
}

export function candidate(name: string, more: Partial<Candidate> = {}): NamedCandidate {
  return { name, available: true, suspect: false, inUse: 0, ...more };
}

const CONTEXT: PickContext = { address: "192.0.2.1" };

/** The names of `count` picks in a row. */
export function picks(balance: Balance, candidates: readonly NamedCandidate[], count: number): (string | undefined)[] {
  return Array.from({ length: count }, () => balance.pick(candidates, CONTEXT)?.name);
}

/** The behaviour that all policies share. */
export function describeBalance(create: () => Balance): void {
  describe("like every policy", () => {
    test("picks nothing from nothing", () => {
      expect(create().pick([], CONTEXT)).toBeUndefined();
    });

    test("picks a sole candidate, whatever its state", () => {
      const states = [{}, { suspect: true }, { available: false }, { available: false, suspect: true, inUse: 9 }];
      for (const state of states) expect(picks(create(), [candidate("a", state)], 2)).toEqual(["a", "a"]);
    });

    test("picks an available candidate before a suspect one, and a suspect one before an unavailable one", () => {
      const busy = candidate("busy", { inUse: 100 });
      const suspect = candidate("suspect", { suspect: true, inUse: 1 });
      const unavailable = candidate("unavailable", { available: false });
      expect(new Set(picks(create(), [unavailable, suspect, busy], 6))).toEqual(new Set(["busy"]));
      expect(new Set(picks(create(), [unavailable, suspect], 6))).toEqual(new Set(["suspect"]));
    });

    test("picks each of several equal candidates sooner or later", () => {
      const equals = ["a", "b", "c"].map((name) => candidate(name));
      expect(new Set(picks(create(), equals, 100))).toEqual(new Set(["a", "b", "c"]));
    });

    test("follows candidates that come and go", () => {
      const balance = create();
      const three = ["a", "b", "c"].map((name) => candidate(name));
      for (let count = 3; count > 0; count--) {
        const left = three.slice(0, count);
        expect(left).toContain(balance.pick(left, CONTEXT));
      }
      expect(three).toContain(balance.pick(three, CONTEXT));
    });
  });
}
