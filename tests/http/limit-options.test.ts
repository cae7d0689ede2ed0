import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { Cleanup, Published, scratchFolder, ScriptedOrigin, ServerProcess } from "@postern/testkit";

const LIMITS = `[tunnel.server.limits]
head_bytes = "2kB"
head_fields = 20
head_timeout = "300ms"
body_timeout = "400ms"
min_body_rate = "1kB"
stall_timeout = "1s"
streams_per_session = 2
interim_responses = 1
`;

const cleanup = new Cleanup();
let script: ScriptedOrigin;
let site: Published;
beforeAll(async () => {
  const file = join(scratchFolder(cleanup.defer), "postern.toml");
  writeFileSync(file, LIMITS, { mode: 0o600 });
  const server = await ServerProcess.start(cleanup.defer, { args: ["--config", file] });
  script = await ScriptedOrigin.start(cleanup.defer);
  site = await Published.start(cleanup.defer, script.port, { server, subdomain: "limited" });
});
afterAll(() => cleanup.run());

const refusedAs = (status: number, code: string): RegExp =>
  new RegExp(`^HTTP/1\\.1 ${status} [^]*\\r\\nPostern-Error: ${code}\\r\\n`);
const fields = (count: number): string[] => Array.from({ length: count }, (_, number) => `X-${number}: 1`);
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n";

test.for([
  ["more than head_bytes", [`X-Large: ${"x".repeat(2_000)}`]],
  ["more than head_fields", fields(20)],
] as const)("a head of %s is refused", async ([, more]) => {
  const wire = await site.ask(onTestFinished, "GET /large", ...more);
  await wire.over();
  expect(wire.text).toMatch(refusedAs(431, "PN_HTTP_HEAD_TOO_LARGE"));
});

test.for([
  ["head_bytes", `X-Large: ${"x".repeat(2_000)}`],
  ["head_fields", fields(20).join("\r\n")],
])("a response that exceeds %s is replaced by 502", async ([option, more]) => {
  const wire = await site.ask(onTestFinished, `GET /${option}`);
  (await script.wire(`GET /${option} `)).write(`${OK}${more}\r\n\r\nok`);
  expect(await wire.read("\r\n\r\n")).toMatch(/^HTTP\/1\.1 502 /);
});

test("a head that is not complete after head_timeout is refused", async () => {
  const wire = await site.wire(onTestFinished);
  wire.write("GET /slow HTTP/1.1\r\n");
  await wire.over();
  expect(wire.text).toMatch(/^HTTP\/1\.1 408 /);
});

test("a body that stops for body_timeout is refused", async () => {
  const wire = await site.ask(onTestFinished, "POST /stops", "Content-Length: 100");
  wire.write("x");
  await wire.over();
  expect(wire.text).toMatch(refusedAs(408, "PN_HTTP_BODY_TIMEOUT"));
});

test("a body below min_body_rate is refused although it never stops", async () => {
  const wire = await site.ask(onTestFinished, "POST /drips", "Content-Length: 100000");
  const dripping = setInterval(() => {
    if (wire.end === "open") wire.write("x");
  }, 50);
  onTestFinished(() => clearInterval(dripping));
  await wire.over();
  expect(wire.text).toMatch(refusedAs(408, "PN_HTTP_BODY_TIMEOUT"));
});

test("a visitor that reads nothing for stall_timeout is disconnected, and its service with it", async () => {
  const wire = await site.ask(onTestFinished, "GET /stalled");
  wire.socket.pause();
  const origin = await script.wire("GET /stalled");
  origin.write("HTTP/1.1 200 OK\r\nContent-Length: 50000000\r\n\r\n");
  origin.write(Buffer.alloc(50_000_000));
  expect(await origin.over()).toBe("reset");
});

test("requests beyond streams_per_session are refused until one has ended", async () => {
  const waiting = [await site.ask(onTestFinished, "GET /one"), await site.ask(onTestFinished, "GET /two")];
  const [one] = [await script.wire("GET /one"), await script.wire("GET /two")];
  const refused = await site.ask(onTestFinished, "GET /three");
  expect(await refused.read("\r\n\r\n")).toMatch(/^HTTP\/1\.1 503 /);
  one.write(`${OK}\r\nok`);
  await waiting[0]!.read("\r\n\r\nok");
  const next = await site.ask(onTestFinished, "GET /four");
  (await script.wire("GET /four")).write(`${OK}\r\nok`);
  await next.read("\r\n\r\nok");
  waiting[1]!.socket.destroy();
});

test("a response after more than interim_responses is replaced by 502", async () => {
  const wire = await site.ask(onTestFinished, "GET /hints");
  (await script.wire("GET /hints")).write(`${"HTTP/1.1 103 Early Hints\r\n\r\n".repeat(2)}${OK}\r\nok`);
  expect(await wire.read("PN_")).toMatch(/HTTP\/1\.1 502 /);
});
