import { expect, onTestFinished, test } from "vitest";
import { ServerProcess, until, Wire } from "@postern/testkit";
import { ScriptedClient } from "../scripted-client.ts";
import { finding, secondsSince } from "./size.ts";

test("when a client loses a name and keeps its streams open, they are reset within a minute; other tunnels of its session continue", async (context) => {
  const { port } = await ServerProcess.start(onTestFinished);
  const former = await ScriptedClient.start(onTestFinished, { port, subdomain: "lost", instance: "one" });
  const start = performance.now();
  const wire = await Wire.dial(onTestFinished, port);
  wire.write("GET /hold HTTP/1.1\r\nHost: lost.localhost\r\n\r\n");
  await until("the request to be held", () => former.held.length === 1);
  former.session.control({ type: "bind", bind: 2, subdomain: "kept" });
  await until("the other name", () => former.messages.filter(({ type }) => type === "bound").length === 2);
  const beside = await Wire.dial(onTestFinished, port);
  beside.write("GET /hold HTTP/1.1\r\nHost: kept.localhost\r\n\r\n");
  await until("both requests to be held", () => former.held.length === 2);

  await ScriptedClient.start(onTestFinished, { port, subdomain: "lost", instance: "two" });
  await former.received("unbound");
  await until("the request to be broken off", () => former.held[0]!.over, { timeout: 60_000 });
  finding(context, `the streams were reset after ${secondsSince(start)}`);
  await wire.read("HTTP/1.1 50");
  expect([former.held[1]!.over, former.reason, beside.end]).toEqual([false, undefined, "open"]);
});
