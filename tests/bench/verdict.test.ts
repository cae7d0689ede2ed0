import { expect, test } from "vitest";
import { isWithin, summary } from "../../bench/comparison/summary.ts";
import { perRequest } from "../../bench/measure/system-calls.ts";
import { readSettings } from "../../bench/settings.ts";

test.for([
  [0.95, 1.02, true],
  [1.01, 1.03, true],
  [0.99, 1.2, true],
  [1.01, 1.04, false],
])("an interval from %f to %f is within the bar: %s", ([low, high, within]) => {
  expect(isWithin({ median: 1, low: low as number, high: high as number })).toBe(within);
});

function costs(current: number): { against: number[][]; current: number[][]; repeat: number[][] } {
  const pairs = (value: number): number[][] => [1, 2, 3].map((pair) => Array.from({ length: 20 }, () => value * pair));
  return { against: pairs(1), current: pairs(current), repeat: pairs(1) };
}

test("a build that costs 10 % more misses the bar", () => {
  const settings = readSettings(["--against", ".", "--rounds", "20"]);
  expect(summary("CPU", costs(1.1), settings, String)).toMatchObject({
    product: "2.2",
    yardstick: "2",
    ratio: "1.100 (1.100–1.100)",
    noise: "1.000 (1.000–1.000)",
    result: "MISSED",
    note: "medians of the pairs 1.100, 1.100, 1.100",
  });
});

test("fewer than 20 rounds or 3 pairs give no verdict", () => {
  for (const few of [
    ["--rounds", "19"],
    ["--pairs", "2"],
  ])
    expect(summary("CPU", costs(1.1), readSettings(["--against", ".", ...few]), String).result).toBe("");
});

test("strace's table of counts is read, with its rows of errors and without its total", () => {
  const table = `% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 60.00    0.001200           1      1200           write
 30.00    0.000600           1      1000        10 read
  9.00    0.000180           1       150           epoll_pwait
  1.00    0.000020           1        50         5 futex
------ ----------- ----------- --------- --------- ----------------
100.00    0.002000           1      2400        15 total`;
  expect(perRequest(table, 1000)).toEqual({
    total: 2.4,
    reads: 1,
    writes: 1.2,
    others: [
      { call: "epoll_pwait", each: 0.15 },
      { call: "futex", each: 0.05 },
    ],
  });
});
