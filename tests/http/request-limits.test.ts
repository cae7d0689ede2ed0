import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { Cleanup, postern, Published, ScriptedOrigin, ServerProcess, until } from "@postern/testkit";

const cleanup = new Cleanup();
let script: ScriptedOrigin;
let site: Published;
beforeAll(async () => {
  const args = ["--max-request-size", "1kB", "--request-timeout", "1500ms"];
  const server = await ServerProcess.start(cleanup.defer, { args });
  script = await ScriptedOrigin.start(cleanup.defer);
  site = await Published.start(cleanup.defer, script.port, { server, subdomain: "limited" });
});
afterAll(() => cleanup.run());

const refusedAs = (status: number, code: string): RegExp =>
  new RegExp(`^HTTP/1\\.1 ${status} [^]*\\r\\nPostern-Error: ${code}\\r\\n`);

describe("with --max-request-size", () => {
  test("a body of just that size passes", async () => {
    const wire = await site.ask(onTestFinished, "POST /fits", "Content-Length: 1000");
    wire.write("x".repeat(1000));
    const origin = await script.wire("POST /fits");
    await origin.read("x".repeat(1000));
    origin.write("HTTP/1.1 204 No Content\r\n\r\n");
    await wire.read("204");
  });

  test("a longer one is refused before the service hears of it", async () => {
    const wire = await site.ask(onTestFinished, "POST /too-long", "Content-Length: 1001");
    expect(await wire.over()).toBe("end");
    expect(wire.text).toMatch(refusedAs(413, "PN_HTTP_BODY_TOO_LARGE"));
    expect(script.wires.some(({ text }) => text.includes("/too-long"))).toBe(false);
  });

  test("one in chunks is refused when it gets too long, and does not end well for the service", async () => {
    const wire = await site.ask(onTestFinished, "POST /grows", "Transfer-Encoding: chunked");
    wire.write(`3e8\r\n${"x".repeat(1000)}\r\n`);
    const origin = await script.wire("POST /grows");
    await origin.read("x".repeat(1000));
    wire.write("1\r\ny\r\n");
    expect(await origin.over()).toBe("reset");
    await wire.over();
    expect(wire.text).toMatch(refusedAs(413, "PN_HTTP_BODY_TOO_LARGE"));
    expect(origin.text).not.toContain("0\r\n\r\n");
  });

  test("so is one whose end comes together with what is too much", async () => {
    const wire = await site.ask(onTestFinished, "POST /at-once", "Transfer-Encoding: chunked");
    const origin = await script.wire("POST /at-once");
    wire.write(`7d0\r\n${"x".repeat(2000)}\r\n0\r\n\r\n`);
    expect(await origin.over()).toBe("reset");
    expect(await wire.over()).toBe("end");
    expect(wire.text).toMatch(refusedAs(413, "PN_HTTP_BODY_TOO_LARGE"));
    expect(origin.text).not.toContain("x");
  });
});

describe("with --request-timeout", () => {
  test("a service that does not answer is given up: 504, and the connection goes on", async () => {
    const wire = await site.ask(onTestFinished, "GET /silence");
    const origin = await script.wire("GET /silence");
    expect(await wire.read("\r\n\r\n")).toMatch(refusedAs(504, "PN_ORIGIN_TIMEOUT"));
    expect(await origin.over()).toBe("reset");
    wire.write(`GET /next HTTP/1.1\r\nHost: ${site.host}\r\n\r\n`);
    (await script.wire("GET /next")).write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnext");
    await wire.read("\r\n\r\nnext");
  });

  test("a service that takes its time over the body of its answer is not", async () => {
    const wire = await site.ask(onTestFinished, "GET /slow-body");
    const origin = await script.wire("GET /slow-body");
    origin.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
    const silent = await site.ask(onTestFinished, "GET /silent-meanwhile");
    await silent.read("504");
    const later = await site.ask(onTestFinished, "GET /silent-once-more");
    await later.read("504");
    origin.write("whole");
    await wire.read("\r\n\r\nwhole");
  });
});

test("without them a body of any size passes, and a service has all the time that its visitor has", async () => {
  const free = await Published.start(onTestFinished, script.port);
  const waiting = await free.ask(onTestFinished, "GET /long-poll");
  const limited = await site.ask(onTestFinished, "GET /given-up");
  await limited.read("504");
  const wire = await free.ask(onTestFinished, "POST /large", "Content-Length: 3000000");
  wire.write(Buffer.alloc(3_000_000, "x"));
  const origin = await script.wire("POST /large");
  await until("the whole body", () => origin.bytes > 3_000_000);
  (await script.wire("GET /long-poll")).write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnews");
  await waiting.read("\r\n\r\nnews");
});

describe("who the visitor is behind a proxy", () => {
  /** What the service is told of a visitor that says these fields. */
  async function told(args: string[], path: string, ...fields: string[]): Promise<string> {
    const server = await ServerProcess.start(onTestFinished, { args });
    const published = await Published.start(onTestFinished, script.port, { server });
    const wire = await published.ask(onTestFinished, `GET ${path}`, ...fields);
    const origin = await script.wire(`GET ${path}`);
    const head = await origin.read("\r\n\r\n");
    origin.write("HTTP/1.1 204 No Content\r\n\r\n");
    await wire.read("204");
    return head;
  }

  test("a trusted proxy says it, and by which scheme it came", async () => {
    const head = await told(
      ["--trusted-proxies", "127.0.0.0/8, ::1"],
      "/by-proxy",
      "X-Forwarded-For: 6.6.6.6, 192.0.2.7",
      "X-Forwarded-Proto: https",
      "X-Forwarded-Host: evil.example",
      "X-Real-IP: 6.6.6.6",
      "Forwarded: for=6.6.6.6",
    );
    expect(head).toContain("\r\nX-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https\r\n");
    expect(head).toContain("\r\nX-Real-IP: 192.0.2.7\r\nForwarded: for=192.0.2.7;");
    expect(head).not.toMatch(/6\.6\.6\.6|evil/);
  });

  test("anybody else doesn't", async () => {
    const head = await told(
      ["--trusted-proxies", "10.0.0.0/8"],
      "/by-stranger",
      "X-Forwarded-For: 192.0.2.7",
      "X-Forwarded-Proto: https",
    );
    expect(head).toContain("\r\nX-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Proto: http\r\n");
    expect(head).not.toContain("192.0.2.7");
  });
});

test.for([
  ["--max-request-size", "huge", "must be a size"],
  ["--request-timeout", "soon", "must be a duration"],
  ["--trusted-proxies", "proxy.example", "must be an IP address or a network"],
])("%s %s is refused with a hint", async ([option, value, code]) => {
  const command = ["server", "--listen", "127.0.0.1:0", option ?? "", value ?? ""];
  const program = postern(onTestFinished, command, { env: { POSTERN_API_KEYS: `me ${"k".repeat(32)}` } });
  await program.ends(2);
  expect(program.stderr).toContain(code);
  expect(program.stderr).toContain(value);
});
