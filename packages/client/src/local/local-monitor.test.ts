import { expect, test } from "vitest";
import { ManualClock, settled } from "../manual-clock.suite.js";
import { LocalMonitor } from "./local-monitor.js";

/** A monitor of a service that the test starts and stops. */
function monitored({ isUp }: { isUp: boolean }) {
  const clock = new ManualClock();
  const service = { isUp, checks: 0 };
  const reports: string[] = [];
  const monitor = new LocalMonitor({
    connect: async () => {
      service.checks++;
      await Promise.resolve();
      if (!service.isUp) throw new Error("refused");
    },
    clock,
    onFailing: ({ message }) => reports.push(message),
    onOk: (before) => reports.push(`ok, was ${before}`),
  });
  return { clock, monitor, reports, service };
}

test("a service that works is checked once, at the start", async () => {
  const { clock, monitor, reports, service } = monitored({ isUp: true });
  monitor.start();
  await clock.pass(3_600_000);
  monitor.connected();
  expect([monitor.state, service.checks, reports, clock.waiting]).toEqual(["ok", 1, ["ok, was unknown"], 0]);
});

test("a missing service is reported once, and checked until it is there", async () => {
  const { clock, monitor, reports, service } = monitored({ isUp: false });
  monitor.start();
  await settled();
  await clock.pass(60_000);
  expect([monitor.state, service.checks, reports]).toEqual(["failing", 13, ["refused"]]);
  service.isUp = true;
  await clock.pass(5_000);
  expect([monitor.state, reports, clock.waiting]).toEqual(["ok", ["refused", "ok, was failing"], 0]);
});

test("after a visitor's connection has failed, the service is checked until it accepts one", async () => {
  const { clock, monitor, reports, service } = monitored({ isUp: true });
  monitor.start();
  await settled();
  service.isUp = false;
  for (let visitor = 0; visitor < 100; visitor++) monitor.failed();
  // Visitors' failures are reported by their connections.
  expect([monitor.state, clock.waiting, reports]).toEqual(["failing", 1, ["ok, was unknown"]]);
  await clock.pass(10_000);
  expect(service.checks).toBe(3);
  service.isUp = true;
  await clock.pass(5_000);
  expect([monitor.state, service.checks, reports.at(-1)]).toEqual(["ok", 4, "ok, was failing"]);
});

test("a visitor's connection that succeeds ends the checks", async () => {
  const { clock, monitor, reports, service } = monitored({ isUp: false });
  monitor.start();
  await settled();
  monitor.connected();
  await clock.pass(60_000);
  expect([monitor.state, service.checks, reports]).toEqual(["ok", 1, ["refused", "ok, was failing"]]);
});

test("nothing is checked or reported after the stop", async () => {
  const { clock, monitor, reports, service } = monitored({ isUp: false });
  monitor.start();
  monitor.stop();
  await settled();
  monitor.failed();
  await clock.pass(60_000);
  expect([service.checks, reports, clock.waiting]).toEqual([1, [], 0]);
  monitor.stop();
});
