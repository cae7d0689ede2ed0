import { describe, expect, test } from "vitest";
import { candidate, describeBalance, picks } from "./balance.suite.js";
import { RoundRobin } from "./round-robin.js";

const named = (...names: string[]) => names.map((name) => candidate(name));

describe("round robin", () => {
  describeBalance(() => new RoundRobin());

  test("picks one candidate after the other, whatever their load", () => {
    const candidates = [candidate("a", { inUse: 9 }), ...named("b", "c")];
    expect(picks(new RoundRobin(), candidates, 7)).toEqual(["a", "b", "c", "a", "b", "c", "a"]);
  });

  test("leaves out the candidates that accept nothing, and those that may not answer", () => {
    const candidates = [
      candidate("a"),
      candidate("b", { available: false }),
      candidate("c", { suspect: true }),
      candidate("d"),
    ];
    expect(picks(new RoundRobin(), candidates, 4)).toEqual(["a", "d", "a", "d"]);
    expect(picks(new RoundRobin(), candidates.slice(1, 3), 2)).toEqual(["c", "c"]);
  });

  test("continues when the number of candidates changes", () => {
    const balance = new RoundRobin();
    expect(picks(balance, named("a", "b", "c", "d"), 4)).toEqual(["a", "b", "c", "d"]);
    expect(picks(balance, named("a", "b"), 3)).toEqual(["a", "b", "a"]);
    expect(picks(balance, named("a", "b", "c"), 3)).toEqual(["b", "c", "a"]);
  });
});
