import { describe, expect, test } from "vitest";
import { candidate, describeBalance, picks } from "./balance.suite.js";
import { FirstAvailable } from "./first-available.js";

describe("first available", () => {
  describeBalance(() => new FirstAvailable(), { spreads: false });

  test("picks the next candidate only while those before it are unavailable", () => {
    const main = { ...candidate("main", { inUse: 99 }), available: true };
    const all = [main, candidate("reserve"), candidate("last")];
    expect(picks(new FirstAvailable(), all, 2)).toEqual(["main", "main"]);
    main.available = false;
    expect(picks(new FirstAvailable(), all, 2)).toEqual(["reserve", "reserve"]);
  });
});
