import { once } from "node:events";
import { createServer, type AddressInfo, type Server } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { claimPort, until } from "@postern/testkit";
import { FakeClock } from "../deadlines/fake-clock.suite.js";
import { AddressUpstream, TARGET_LIMITS, type TargetFailure } from "./address-upstream.js";

/** An upstream at a port of this machine, with its failures and what it reports. */
function upstreamAt(port: number) {
  const clock = new FakeClock();
  const failures: TargetFailure[] = [];
  const reports: string[] = [];
  const upstream = new AddressUpstream({
    address: { host: "127.0.0.1", port, tls: false },
    clock,
    onFailure: (failure) => {
      failures.push(failure);
      reports.push(`failed ${failure.count}`);
    },
    onRecovered: () => reports.push("recovered"),
  });
  return { clock, failures, reports, upstream };
}

/** Dials, and waits until that has failed. */
async function failToDial(upstream: AddressUpstream): Promise<void> {
  await new Promise<void>((resolve) => {
    const ignore = (): void => {};
    upstream.dial().handler = { onData: ignore, onEnd: ignore, onDrain: ignore, onReset: () => resolve() };
  });
}

async function listen(port: number): Promise<Server> {
  const server = createServer((socket) => socket.on("error", () => {}).resume());
  onTestFinished(() => void server.close());
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return server;
}

describe("an upstream that refuses a connection", () => {
  test("is down for a second", async () => {
    const { upstream, clock } = upstreamAt(await claimPort());
    expect(upstream.down).toBe(false);
    await failToDial(upstream);
    expect(upstream.down).toBe(true);
    clock.pass(TARGET_LIMITS.down);
    expect(upstream.down).toBe(false);
  });

  test("stays down while checks fail, which are not reported", async () => {
    const { upstream, clock, failures } = upstreamAt(await claimPort());
    await failToDial(upstream);
    for (let n = 0; n < 3; n++) {
      clock.pass(TARGET_LIMITS.down - 1);
      upstream.recheck();
      clock.pass(2);
      // The check has not failed yet, however long it takes.
      expect(upstream.down).toBe(true);
      await until("the check to fail", () => {
        upstream.recheck();
        return clock.running === 0 || upstream.down;
      });
    }
    expect(failures).toHaveLength(1);
  });

  test("reports each time in which it is down once, unless that is short, and each recovery from a reported one", async () => {
    const port = await claimPort();
    const { upstream, clock, reports } = upstreamAt(port);
    const recover = async (): Promise<void> => {
      const server = await listen(port);
      upstream.recheck();
      await until("the check to succeed", () => !upstream.down);
      server.close();
      await once(server, "close");
    };
    await failToDial(upstream);
    await recover();
    expect(reports).toEqual(["failed 1", "recovered"]);
    await failToDial(upstream);
    await recover();
    await failToDial(upstream);
    expect(reports).toEqual(["failed 1", "recovered"]);
    clock.pass(TARGET_LIMITS.report);
    // No visitor comes.
    upstream.recheck();
    await until("the check to fail", () => reports.length > 2);
    expect(reports).toEqual(["failed 1", "recovered", "failed 2"]);
    await recover();
    expect(reports).toEqual(["failed 1", "recovered", "failed 2", "recovered"]);
  });

  test("is up as soon as a check or a dial succeeds, and the check leaves no connection", async () => {
    const port = await claimPort();
    const { upstream, clock } = upstreamAt(port);
    await failToDial(upstream);
    const server = await listen(port);
    let open = 0;
    server.on("connection", (socket) => {
      open++;
      socket.on("close", () => open--);
    });
    upstream.recheck();
    await until("the check to succeed", () => !upstream.down);
    await until("the connection of the check to end", () => open === 0);
    upstream.recheck();
    expect((server.address() as AddressInfo).port).toBe(port);
    clock.pass(10_000);
    expect([upstream.down, clock.running]).toEqual([false, 0]);
  });
});
