import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { Cleanup, ClockOrigin, Origin, Published, ScriptedOrigin, ServerProcess, until } from "@postern/testkit";

const cleanup = new Cleanup();
let server: ServerProcess;
let script: ScriptedOrigin;
let scripted: Published;

beforeAll(async () => {
  server = await ServerProcess.start(cleanup.defer);
  script = await ScriptedOrigin.start(cleanup.defer);
  scripted = await Published.start(cleanup.defer, script.port, { server, subdomain: "script" });
});
afterAll(() => cleanup.run());

test("each server-sent event arrives before the next is sent", async () => {
  const clock = await ClockOrigin.start(onTestFinished);
  const published = await Published.start(onTestFinished, clock.origin.port, { server });
  const wires = [await published.ask(onTestFinished, "GET /clock"), await published.ask(onTestFinished, "GET /clock")];
  await until("two listeners", () => clock.listeners === 2);
  for (const wire of wires) expect(await wire.read("\r\n\r\n")).toMatch(/^HTTP\/1\.1 200 OK/);
  for (let tick = 1; tick <= 10; tick += 1) {
    clock.tick();
    for (const wire of wires) expect(await wire.read(`data: tick ${tick}\n\n`)).not.toContain(`tick ${tick + 1}`);
  }
});

test("each piece of a response or an upload is forwarded at once, for any content type", async () => {
  const wire = await scripted.ask(
    onTestFinished,
    "POST /pieces",
    "Transfer-Encoding: chunked",
    "Content-Type: application/octet-stream",
  );
  const origin = await script.wire("POST /pieces");
  origin.write("HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\nContent-Length: 50\r\n\r\n");
  for (let turn = 0; turn < 5; turn += 1) {
    wire.write(`5\r\nask-${turn}\r\n`);
    await origin.read(`ask-${turn}`);
    origin.write(`answer---${turn}`);
    await wire.read(`answer---${turn}`);
  }
});

test("a long poll stays open without blocking other requests", async () => {
  const poll = scripted.visit("/poll");
  const origin = await script.wire("/poll");
  for (let turn = 0; turn < 3; turn += 1) {
    const other = scripted.visit(`/meanwhile/${turn}`);
    (await script.wire(`/meanwhile/${turn}`)).write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nquick");
    expect((await other).body.toString()).toBe("quick");
  }
  origin.write("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nat last");
  expect((await poll).body.toString()).toBe("at last");
});

test("the origin notices a visitor that leaves in the middle of a response", async () => {
  const clock = await ClockOrigin.start(onTestFinished);
  const published = await Published.start(onTestFinished, clock.origin.port, { server });
  const leaving = await published.ask(onTestFinished, "GET /clock");
  const staying = await published.ask(onTestFinished, "GET /clock");
  await leaving.read("\r\n\r\n");
  await staying.read("\r\n\r\n");
  leaving.socket.destroy();
  await until("one listener to remain", () => clock.listeners === 1);
  expect(clock.origin.requests.filter(({ aborted }) => aborted)).toHaveLength(1);
  clock.tick();
  await staying.read("tick 1");
});

test("the origin notices a visitor that leaves before the response", async () => {
  const silent = await Origin.start(onTestFinished, () => {});
  const published = await Published.start(onTestFinished, silent.port, { server });
  const wire = await published.ask(onTestFinished, "GET /never");
  await until("the request to arrive", () => silent.requests.length === 1);
  wire.reset();
  await until("the origin to notice", () => silent.last.aborted);
});

test("the origin notices a visitor that leaves in the middle of an upload, and sees no complete request", async () => {
  const wire = await scripted.ask(onTestFinished, "POST /half", "Transfer-Encoding: chunked");
  wire.write("4\r\nhalf\r\n");
  const origin = await script.wire("POST /half");
  await origin.read("half");
  wire.reset();
  expect(await origin.over()).toBe("reset");
  expect(origin.text).not.toContain("0\r\n\r\n");
});
