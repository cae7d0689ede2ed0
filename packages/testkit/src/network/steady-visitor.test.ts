import { expect, onTestFinished, test } from "vitest";
import { startEchoOrigin } from "../origins/echo-origin.js";
import { SteadyVisitor } from "./steady-visitor.js";

test("a healthy service serves every request", async () => {
  const origin = await startEchoOrigin(onTestFinished);
  const visitor = await SteadyVisitor.start(onTestFinished, origin.port, "web.localhost");
  await visitor.stopAndCheck();
  expect(visitor.served).toBeGreaterThan(2);
});

test("a single failed request is reported", async () => {
  const origin = await startEchoOrigin(onTestFinished);
  const visitor = await SteadyVisitor.start(onTestFinished, origin.port, "web.localhost");
  origin.server.prependOnceListener("request", (_, outgoing) => outgoing.destroy());
  await visitor.moreServed();
  await expect(visitor.stopAndCheck()).rejects.toThrow(/1 of \d+ requests failed/);
});
