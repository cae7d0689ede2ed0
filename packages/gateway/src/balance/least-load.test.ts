import { describe, expect, test } from "vitest";
import { candidate, describeBalance, picks } from "./balance.suite.js";
import { LeastLoad } from "./least-load.js";

describe("least load", () => {
  describeBalance(() => new LeastLoad());

  test("picks the candidate with the fewest requests in progress", () => {
    const candidates = [candidate("a", { inUse: 2 }), candidate("b", { inUse: 1 }), candidate("c", { inUse: 3 })];
    expect(picks(new LeastLoad(), candidates, 4)).toEqual(["b", "b", "b", "b"]);
  });

  test("alternates between equal candidates", () => {
    const candidates = ["a", "b", "c"].map((name) => candidate(name));
    expect(picks(new LeastLoad(), candidates, 6)).toEqual(["b", "c", "a", "b", "c", "a"]);
  });

  test("lets a candidate have more requests in progress the larger its share is", () => {
    const candidates = [candidate("a", { weight: 3, inUse: 5 }), candidate("b", { inUse: 2 })];
    expect(picks(new LeastLoad(), candidates, 2)).toEqual(["a", "a"]);
    const starting = [candidate("a", { inUse: 5 }), candidate("b", { inUse: 1, share: 0.1 })];
    expect(picks(new LeastLoad(), starting, 2)).toEqual(["a", "a"]);
  });

  test("finds the only available one among very many", () => {
    const all = Array.from({ length: 500 }, (_, n) => candidate(`t${n}`, { available: n === 400 }));
    expect(new Set(picks(new LeastLoad(), all, 20))).toEqual(new Set(["t400"]));
  });
});
