import { expect, test } from "vitest";
import { candidate, contextOf } from "./balance.suite.js";
import { createBalance, STRATEGY_NAMES, type BalanceOptions } from "./strategy.js";

const MANY = Array.from({ length: 50 }, (_, n) => candidate(`t${n}`));

/** The candidates of requests from many addresses with the same header. */
function picked(options: BalanceOptions): number {
  const balance = createBalance(options, true);
  const names = MANY.map((_, n) => balance.pick(MANY, contextOf(`192.0.2.${n}`, { "x-tenant": "one" }))?.name);
  return new Set(names).size;
}

test("the strategy hash chooses by its key, otherwise by the address of the visitor", () => {
  expect(picked({ strategy: "hash", key: { kind: "header", name: "x-tenant" } })).toBe(1);
  expect(picked({ strategy: "hash" })).toBeGreaterThan(10);
});

test.each(STRATEGY_NAMES)("stickiness by address replaces the strategy %s", (strategy) => {
  const balance = createBalance({ strategy, sticky: "address" }, true);
  const names = MANY.map(() => balance.pick(MANY, contextOf("192.0.2.1"))?.name);
  expect(new Set(names).size).toBe(1);
});
