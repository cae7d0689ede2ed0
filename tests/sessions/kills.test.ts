import { expect, onTestFinished, test } from "vitest";
import {
  ClientProcess,
  ClockOrigin,
  OriginProcess,
  ProcessBaseline,
  Published,
  ServerProcess,
  startEchoOrigin,
  SteadyVisitor,
  until,
} from "@postern/testkit";

/** A healthy tunnel on the same server, with a visitor that must always be served. */
async function neighbour(server: ServerProcess): Promise<SteadyVisitor> {
  const echo = await startEchoOrigin(onTestFinished);
  const { port, host } = await Published.start(onTestFinished, echo.port, { server, subdomain: "neighbour" });
  return SteadyVisitor.start(onTestFinished, port, host);
}

test("an origin killed during a response: the response is cut off, then 502, then 200 once it is back", async () => {
  const origin = await OriginProcess.start(onTestFinished);
  const published = await Published.start(onTestFinished, origin.port);
  const { server, client } = published;
  const steady = await neighbour(server);
  const baselines = [server.program, client.program].map((program) => ProcessBaseline.take(program));

  const wires = await Promise.all(Array.from({ length: 10 }, () => published.ask(onTestFinished, "GET /endless")));
  for (const wire of wires) await wire.read("moremore");
  const held = published.visit("/held");
  await origin.program.kill();
  for (const wire of wires) {
    await wire.over();
    expect(wire.text).not.toMatch(/0\r\n\r\n$/);
  }
  expect((await held).status).toBe(502);
  expect((await published.visit("/")).headers["postern-error"]).toBe("PN_ORIGIN_REFUSED");
  await origin.restart();
  expect((await published.visit("/")).body.toString()).toBe("hello\n");

  expect(client.count("tunnel_established")).toBe(1);
  await steady.stopAndCheck();
  for (const baseline of baselines) await baseline.restored();
});

test("a client killed during responses: they are cut off, the origin notices, and the next client serves the name", async () => {
  const clock = await ClockOrigin.start(onTestFinished);
  const published = await Published.start(onTestFinished, clock.origin.port, { subdomain: "revived" });
  const { server, client } = published;
  const steady = await neighbour(server);

  const wires = await Promise.all(Array.from({ length: 10 }, () => published.ask(onTestFinished, "GET /clock")));
  await until("ten listeners", () => clock.listeners === 10);
  clock.tick();
  for (const wire of wires) await wire.read("tick 1");
  await client.program.kill();
  for (const wire of wires) {
    await wire.over();
    expect(wire.text).not.toMatch(/0\r\n\r\n$/);
  }
  await until("the origin to have no connections", () => clock.listeners === 0);
  const away = await published.visit("/");
  expect([away.status, Number(away.headers["retry-after"]) > 0]).toEqual([503, true]);
  const baseline = ProcessBaseline.take(server.program);

  const next = await Published.start(onTestFinished, clock.origin.port, { server, subdomain: "revived" });
  const wire = await next.ask(onTestFinished, "GET /clock");
  await until("a listener", () => clock.listeners === 1);
  clock.tick();
  await wire.read("tick 2");
  wire.reset();
  await next.client.program.kill();
  await steady.stopAndCheck();
  await baseline.restored();
});

test("a server killed during responses: clients and origins survive, and all tunnels return under the same names", async () => {
  const server = await ServerProcess.start(onTestFinished);
  const clock = await ClockOrigin.start(onTestFinished);
  const echo = await startEchoOrigin(onTestFinished);
  const wished = await Published.start(onTestFinished, clock.origin.port, { server, subdomain: "wished" });
  const given = await Published.start(onTestFinished, echo.port, { server });
  const [wishedUrl, givenUrl] = [wished.client.url.href, given.client.url.href];
  const baselines = [wished, given].map(({ client }) => ProcessBaseline.take(client.program));

  const wire = await wished.ask(onTestFinished, "GET /clock");
  await until("a listener", () => clock.listeners === 1);
  await server.program.kill();
  expect(await wire.over()).not.toBe("open");
  await until("the origin to have no connections", () => clock.listeners === 0);
  for (const { client } of [wished, given]) await client.event("reconnection");

  await server.restart();
  for (const { client } of [wished, given]) await client.event("tunnel_established", 2);
  expect([wished.client.url.href, given.client.url.href]).toEqual([wishedUrl, givenUrl]);
  expect((await given.visit("/again")).status).toBe(200);
  const again = await wished.ask(onTestFinished, "GET /clock");
  await until("a listener", () => clock.listeners === 1);
  clock.tick();
  await again.read("tick 1");
  again.reset();
  for (const baseline of baselines) await baseline.restored();
});

test("a client that starts before its server waits for it", async () => {
  const server = await ServerProcess.start(onTestFinished);
  await server.program.kill();
  const echo = await startEchoOrigin(onTestFinished);
  const client = ClientProcess.launch(onTestFinished, { server, target: echo.port, subdomain: "early" });
  await client.event("connection_failure");
  await server.restart();
  await client.event("tunnel_established");
});

test("with --no-reconnect a client exits with 4 when its server is killed", async () => {
  const echo = await startEchoOrigin(onTestFinished);
  const { server, client } = await Published.start(onTestFinished, echo.port, { args: ["--no-reconnect"] });
  await server.program.kill();
  await client.program.ends(4);
});
