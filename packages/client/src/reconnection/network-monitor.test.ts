import { beforeEach, expect, test } from "vitest";
import { NetworkMonitor, type HostChange } from "./network-monitor.js";

let now: number;
let addresses: string | undefined;
let check: (() => void) | undefined;
let changes: HostChange[];
let monitor: NetworkMonitor;

beforeEach(() => {
  [now, addresses, check, changes] = [1_000_000, "192.0.2.7", undefined, []];
  monitor = new NetworkMonitor({
    clock: () => now,
    addresses: () => addresses,
    every(_, task) {
      check = task;
      return () => (check = undefined);
    },
  });
});

function second(passed = 1_000): void {
  now += passed;
  check?.();
}

test("reports nothing while nothing changes", () => {
  monitor.listen((change) => changes.push(change));
  for (let n = 0; n < 100; n++) second();
  // On a busy machine timers are late although the machine did not sleep.
  second(4_000);
  expect(changes).toEqual([]);
});

test("reports that the machine woke up", () => {
  monitor.listen((change) => changes.push(change));
  second();
  second(3_600_000);
  second();
  expect(changes).toEqual(["wakeup"]);
});

test("reports a new network, and neither a lost one nor addresses that cannot be read", () => {
  monitor.listen((change) => changes.push(change));
  addresses = "";
  second();
  expect(changes).toEqual([]);
  addresses = "198.51.100.4";
  second();
  expect(changes).toEqual(["network"]);
  addresses = undefined;
  second();
  addresses = "198.51.100.4";
  second();
  expect(changes).toHaveLength(1);
});

test("checks only while it has a listener", () => {
  const [one, other] = [monitor.listen(() => {}), monitor.listen((change) => changes.push(change))];
  one();
  expect(check).toBeDefined();
  other();
  expect(check).toBeUndefined();
  addresses = "198.51.100.4";
  monitor.listen((change) => changes.push(change));
  second();
  expect(changes).toEqual([]);
});
