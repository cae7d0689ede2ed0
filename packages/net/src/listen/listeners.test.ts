import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { needs } from "@postern/testkit";
import { Listeners } from "./listeners.js";

// The package of `ip` contains `ss`.
beforeEach((context) => needs(context, "ip"));

/** The timer of the accepted end of a connection, as the kernel shows it. */
async function timerOf(probeAfter?: number): Promise<string> {
  const accepted = Promise.withResolvers<Socket>();
  const listeners = new Listeners({
    certificates: undefined,
    clientCaFor: () => undefined,
    probeAfter,
    onPlain: accepted.resolve,
    onSecure: () => {},
    onUnencrypted: () => {},
  });
  const { port } = await listeners.open({ host: "127.0.0.1", port: 0 }, undefined);
  const visitor = connect(port, "127.0.0.1");
  onTestFinished(async () => {
    visitor.destroy();
    (await accepted.promise).destroy();
    await listeners.close();
  });
  await once(visitor, "connect");
  await accepted.promise;
  const shown = execFileSync("ss", ["-Htno", "state", "established", "sport", "=", `:${port}`], { encoding: "utf8" });
  return /timer:\((\w+),(\d+)/.exec(shown)?.slice(1).join(" ") ?? "none";
}

test("the kernel probes an idle visitor after the configured time", async () => {
  expect(await timerOf(3_600_000)).toMatch(/^keepalive (59|60)$/);
  expect(await timerOf(0)).toBe("none");
});

test("the kernel probes an idle visitor after a minute by default", async () => {
  expect(await timerOf()).toMatch(/^keepalive (59|60|1)$/);
});
