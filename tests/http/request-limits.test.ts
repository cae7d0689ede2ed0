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
  test("a body of exactly that size passes", async () => {
    const wire = await site.ask(onTestFinished, "POST /fits", "Content-Length: 1000");
    wire.write("x".repeat(1000));
    const origin = await script.wire("POST /fits");
    await origin.read("x".repeat(1000));
    origin.write("HTTP/1.1 204 No Content\r\n\r\n");
    await wire.read("204");
  });

  test("a longer body is refused before it reaches the service", async () => {
    const wire = await site.ask(onTestFinished, "POST /too-long", "Content-Length: 1001");
    expect(await wire.over()).toBe("end");
    expect(wire.text).toMatch(refusedAs(413, "PN_HTTP_BODY_TOO_LARGE"));
    expect(script.wires.some(({ text }) => text.includes("/too-long"))).toBe(false);
  });

  test("a chunked body is refused when it exceeds the size, and the service sees a reset", async () => {
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

  test("a chunked body is refused even if its end arrives with the excess", async () => {
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
  test("a service that does not respond causes 504, and the connection stays usable", async () => {
    const wire = await site.ask(onTestFinished, "GET /silence");
    const origin = await script.wire("GET /silence");
    expect(await wire.read("\r\n\r\n")).toMatch(refusedAs(504, "PN_ORIGIN_TIMEOUT"));
    expect(await origin.over()).toBe("reset");
    wire.write(`GET /next HTTP/1.1\r\nHost: ${site.host}\r\n\r\n`);
    (await script.wire("GET /next")).write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnext");
    await wire.read("\r\n\r\nnext");
  });

  test("a slow response body is not a timeout", async () => {
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

test("without these options a body of any size passes, and a service may take as long as its visitor waits", async () => {
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

describe("the visitor's address behind a proxy", () => {
  /** The request head that reaches the service for a visitor that sends these fields. */
  async function headAtService(args: string[], path: string, ...fields: string[]): Promise<string> {
    const server = await ServerProcess.start(onTestFinished, { args });
    const published = await Published.start(onTestFinished, script.port, { server });
    const wire = await published.ask(onTestFinished, `GET ${path}`, ...fields);
    const origin = await script.wire(`GET ${path}`);
    const head = await origin.read("\r\n\r\n");
    origin.write("HTTP/1.1 204 No Content\r\n\r\n");
    await wire.read("204");
    return head;
  }

  test("is taken from a trusted proxy, with the scheme", async () => {
    const head = await headAtService(
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

  test("is not taken from any other proxy", async () => {
    const head = await headAtService(
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
  ["--trusted-proxy-fields", "Host", "must be a field"],
  ["--trusted-proxies", "proxy.example", "must be an IP address or a network"],
])("%s %s is refused with a hint", async ([option, value, code]) => {
  const command = ["server", "--listen", "127.0.0.1:0", option ?? "", value ?? ""];
  const program = postern(onTestFinished, command, { env: { POSTERN_API_KEYS: `me ${"k".repeat(32)}` } });
  await program.ends(2);
  expect(program.stderr).toContain(code);
  expect(program.stderr).toContain(value);
});
