import { beforeEach, expect, onTestFinished, test } from "vitest";
import { FakeClock, needs, Published, ServerProcess, startEchoOrigin, until } from "@postern/testkit";
import { ClosingCheck } from "./neighbour.ts";
import { finding } from "./size.ts";

beforeEach((context) => needs(context, "faketime"));

test("clocks that jump three days forward or an hour back have no effect", async (context) => {
  const clocks = { server: new FakeClock(onTestFinished), client: new FakeClock(onTestFinished) };
  const server = await ServerProcess.start(onTestFinished, { env: clocks.server.env });
  const echo = await startEchoOrigin(onTestFinished);
  const published = await Published.start(onTestFinished, echo.port, {
    server,
    subdomain: "timeless",
    env: clocks.client.env,
  });
  const { client } = published;
  const check = await ClosingCheck.begin(onTestFinished, server, server.program, client.program);
  const lastRequest = (): number => Date.parse(client.events.findLast(({ type }) => type === "http_request")!.time);
  for (const offset of ["+3d", "-1h", "+0"]) {
    for (const side of ["client", "server"] as const) {
      clocks[side].set(offset);
      const requests = client.count("http_request");
      expect((await published.visit("/")).status).toBe(200);
      await until("the request to be reported", () => client.count("http_request") > requests);
      // Sessions check their clock once a second, so two seconds show any effect.
      await until("two more seconds", secondsPassed(2));
    }
    finding(context, `both clocks set to ${offset}: no reconnection, every request served`);
  }
  clocks.client.set("+3d");
  expect((await published.visit("/")).status).toBe(200);
  await until("the client to report the time of its own clock", () => lastRequest() > Date.now() + 2 * 86_400_000);
  expect([client.count("tunnel_established"), client.count("tunnel_closed")]).toEqual([1, 0]);
  await check.pass();
});

function secondsPassed(seconds: number): () => boolean {
  const end = performance.now() + seconds * 1_000;
  return () => performance.now() >= end;
}
