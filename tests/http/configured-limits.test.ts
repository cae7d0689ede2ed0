import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { Cleanup, Published, ScriptedOrigin, ServerProcess } from "@postern/testkit";

const PREFIX = "POSTERN_TUNNEL_SERVER_LIMITS_";
const LIMITS = {
  HEAD_BYTES: "48KiB",
  HEAD_FIELDS: "300",
  HEAD_TIMEOUT: "500ms",
  BODY_TIMEOUT: "700ms",
  STALL_TIMEOUT: "1s",
  STREAMS_PER_SESSION: "3",
  REPLAY_BODY: "100KB",
  INTERIM_RESPONSES: "1",
};

const cleanup = new Cleanup();
let script: ScriptedOrigin;
let site: Published;
beforeAll(async () => {
  const env = Object.fromEntries(Object.entries(LIMITS).map(([name, value]) => [PREFIX + name, value]));
  const server = await ServerProcess.start(cleanup.defer, { env });
  script = await ScriptedOrigin.start(cleanup.defer);
  site = await Published.start(cleanup.defer, script.port, { server, subdomain: "limited" });
});
afterAll(() => cleanup.run());

const refusedAs = (status: number, code: string): RegExp =>
  new RegExp(`^HTTP/1\\.1 ${status} [^]*\\r\\nPostern-Error: ${code}\\r\\n`);

test("head_bytes and head_fields: larger heads pass in both directions", async () => {
  const fields = `X-Large: ${"x".repeat(40_000)}\r\n${"X: 1\r\n".repeat(250)}`;
  const wire = await site.ask(onTestFinished, "GET /large", ...fields.trimEnd().split("\r\n"));
  const origin = await script.wire("GET /large");
  await origin.read("\r\n\r\n");
  expect(origin.text).toContain(fields);
  origin.write(`HTTP/1.1 200 OK\r\n${fields}Content-Length: 2\r\n\r\nok`);
  await wire.read("\r\n\r\nok");
  expect(wire.text).toContain(fields);
});

test("head_timeout: a head that stops is refused", async () => {
  const wire = await site.wire(onTestFinished);
  wire.write("GET / HTTP/1.1\r\n");
  await wire.over();
  expect(wire.text).toMatch(refusedAs(408, "PN_HTTP_HEAD_TIMEOUT"));
});

test("body_timeout: a body that stops is refused, unless the response has begun", async () => {
  const begun = await site.ask(onTestFinished, "POST /begun", "Content-Length: 2");
  const origin = await script.wire("POST /begun");
  origin.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  await begun.read("200 OK");
  const stopped = await site.ask(onTestFinished, "POST /stopped", "Content-Length: 2");
  await stopped.over();
  expect(stopped.text).toMatch(refusedAs(408, "PN_HTTP_BODY_TIMEOUT"));
  begun.write("hi");
  await origin.read("hi");
  origin.write("2\r\nok\r\n0\r\n\r\n");
  await begun.read("0\r\n\r\n");
});

test("stall_timeout: a visitor that does not read is disconnected, and the service sees it", async () => {
  const wire = await site.ask(onTestFinished, "GET /unread");
  wire.socket.pause();
  const origin = await script.wire("GET /unread");
  origin.write("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n");
  origin.write(Buffer.alloc(100_000_000));
  expect(await origin.over()).toBe("reset");
});

test("interim_responses: one more than allowed is refused", async () => {
  const wire = await site.ask(onTestFinished, "GET /hints");
  (await script.wire("GET /hints")).write("HTTP/1.1 103 Early Hints\r\n\r\n".repeat(2));
  await wire.read("PN_ORIGIN_INVALID");
});

test("streams_per_session: further requests get 503 until one ends", async () => {
  const waiting = await Promise.all(
    [1, 2, 3].map(async (number) => {
      const wire = await site.ask(onTestFinished, `POST /wait/${number}`, "Content-Length: 0");
      return { wire, origin: await script.wire(`POST /wait/${number}`) };
    }),
  );
  const refused = await site.ask(onTestFinished, "GET /fourth");
  expect(await refused.read("\r\n\r\n")).toMatch(refusedAs(503, "PN_OVERLOADED"));
  for (const { origin } of waiting) origin.write("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
  for (const { wire } of waiting) await wire.read("204");
  const again = await site.ask(onTestFinished, "GET /again");
  (await script.wire("GET /again")).write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  await again.read("200 OK");
});
