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
});
