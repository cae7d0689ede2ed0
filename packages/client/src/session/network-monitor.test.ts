import { beforeEach, expect, test } from "vitest";
import { Surroundings, type Change } from "./network-monitor.js";

let now: number;
let addresses: string | undefined;
let look: (() => void) | undefined;
let told: Change[];
let around: Surroundings;

beforeEach(() => {
  [now, addresses, look, told] = [1_000_000, "192.0.2.7", undefined, []];
  around = new Surroundings({
    clock: () => now,
    addresses: () => addresses,
    every(_, task) {
      look = task;
      return () => (look = undefined);
    },
  });
});

function second(passed = 1_000): void {
  now += passed;
  look?.();
}

test("nothing is told while nothing happens", () => {
  around.listen((change) => told.push(change));
  for (let n = 0; n < 100; n++) second();
  // A busy machine is late, and has not slept.
  second(4_000);
  expect(told).toEqual([]);
});

test("a machine that slept wakes up", () => {
  around.listen((change) => told.push(change));
  second();
  second(3_600_000);
  second();
  expect(told).toEqual(["the machine woke up"]);
});

test("another network is told, a lost one is not; one that cannot be asked for is as it was", () => {
  around.listen((change) => told.push(change));
  addresses = "";
  second();
  expect(told).toEqual([]);
  addresses = "198.51.100.4";
  second();
  expect(told).toEqual(["the network has changed"]);
  addresses = undefined;
  second();
  addresses = "198.51.100.4";
  second();
  expect(told).toHaveLength(1);
});

test("it looks only while somebody wants to know", () => {
  const [one, other] = [around.listen(() => {}), around.listen((change) => told.push(change))];
  one();
  expect(look).toBeDefined();
  other();
  expect(look).toBeUndefined();
  addresses = "198.51.100.4";
  around.listen((change) => told.push(change));
  second();
  expect(told).toEqual([]);
});
