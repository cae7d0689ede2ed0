import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { Cleanup, exchange, ServerProcess, Wire, type Exchange, type ExchangeOptions } from "@postern/testkit";

/** The Accept fields of a browser, a program and a terminal, and the content type of the response. */
const FORMS = [
  ["a person in a browser", "text/html,application/xhtml+xml,*/*;q=0.8", "text/html; charset=utf-8"],
  ["a program", "application/json", "application/json; charset=utf-8"],
  ["a terminal", "*/*", "text/plain; charset=utf-8"],
] as const;

const cleanup = new Cleanup();
let server: ServerProcess;

beforeAll(async () => {
  server = await ServerProcess.start(cleanup.defer);
});
afterAll(() => cleanup.run());

/** Sends a request to the base domain. */
function ask(path: string, options: Partial<ExchangeOptions> = {}): Promise<Exchange> {
  return exchange(server.port, { host: "localhost", path, ...options });
}

/** Requests an upgrade and returns the whole response. */
async function askUpgrade(path: string, fields: string): Promise<string> {
  const wire = await Wire.dial(onTestFinished, server.port);
  wire.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${fields}\r\n`);
  await wire.over();
  return wire.received.toString();
}

describe("a request for a page of the base domain is answered", () => {
  test.for(FORMS)("with 404 for an unknown page, in the form for %s", async ([, accept, type]) => {
    const { status, headers, body } = await ask("/nothing?x=1", { headers: { accept } });
    expect(status).toBe(404);
    expect(headers).toMatchObject({ "content-type": type, "postern-error": "PN_PAGE_UNKNOWN", connection: "close" });
    const tunnels = `http://NAME.localhost:${server.port}`;
    for (const part of ["PN_PAGE_UNKNOWN", "This is a Postern server", tunnels, headers["x-request-id"]])
      expect(body.toString()).toContain(part);
  });

  test("despite more cookies than a head may have", async () => {
    const headers = { cookie: `a=${"x".repeat(700_000)}` };
    expect((await ask("/health", { headers })).status).toBe(200);
    expect((await ask("/health", { headers: { cookie: `a=${"x".repeat(15_000)}` } })).status).toBe(200);
    const welcome = await ask("/", { headers: { ...headers, accept: "text/html" } });
    expect([welcome.status, welcome.headers["content-type"]]).toEqual([200, "text/html; charset=utf-8"]);
    expect((await ask("/", { headers, host: "nobody.localhost" })).headers["postern-error"]).toBe("PN_TUNNEL_UNKNOWN");
  });

  test("at its IP address too", async () => {
    const { headers } = await ask("/nothing", { host: "127.0.0.1" });
    expect(headers["postern-error"]).toBe("PN_PAGE_UNKNOWN");
  });

  test("for an unknown page with the same headers as for an unknown tunnel", async () => {
    const accept = "text/html";
    const [here, there] = await Promise.all([
      ask("/nothing", { headers: { accept } }),
      ask("/nothing", { headers: { accept }, host: "nobody.localhost" }),
    ]);
    const unstable = new Set(["content-length", "date", "postern-error", "x-request-id", "connection"]);
    const stable = ({ headers }: Exchange): object =>
      Object.fromEntries(Object.entries(headers).filter(([name]) => !unstable.has(name)));
    expect(stable(here)).toEqual(stable(there));
  });

  test("to HEAD without the body", async () => {
    const get = await ask("/nothing");
    const head = await ask("/nothing", { method: "HEAD" });
    expect([head.status, head.headers["content-length"], head.body.length]).toEqual([404, String(get.body.length), 0]);
  });

  test.for(FORMS)("with the first page, without an error, for %s", async ([, accept, type]) => {
    const { status, headers, body } = await ask("/", { headers: { accept } });
    expect([status, headers["content-type"], headers["postern-error"]]).toEqual([200, type, undefined]);
    expect(body.toString()).toContain("This is a Postern server");
  });
});

describe("the endpoint /connect", () => {
  test("requires an upgrade", async () => {
    const { status, headers } = await ask("/connect");
    expect(status).toBe(426);
    expect(headers).toMatchObject({
      upgrade: "websocket",
      connection: "Upgrade, close",
      "postern-error": "PN_CONNECT_UPGRADE",
    });
  });

  const key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
  const version = "Sec-WebSocket-Version: 13\r\n";

  test.for([
    ["at its absolute address", `http://localhost/connect`, "websocket"],
    ["beside offers of other protocols", "/connect", "h2c, websocket"],
  ] as const)("accepts a handshake %s", async ([, target, offered]) => {
    const wire = await Wire.dial(onTestFinished, server.port);
    const fields = `${key}${version}Sec-WebSocket-Protocol: postern.v1\r\n`;
    wire.write(
      `GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: ${offered}\r\n${fields}\r\n`,
    );
    expect(await wire.read("\r\n\r\n")).toMatch(/^HTTP\/1\.1 101 /);
  });

  test.for([
    ["without a key", "/connect", version, 400, "PN_CONNECT_HANDSHAKE"],
    ["at another path", "/elsewhere", key + version, 400, "PN_CONNECT_HANDSHAKE"],
    ["with an old version", "/connect", `${key}Sec-WebSocket-Version: 8\r\n`, 426, "PN_CONNECT_VERSION"],
    ["without the subprotocol", "/connect", key + version, 400, "PN_CONNECT_SUBPROTOCOL"],
  ] as const)("refuses a handshake %s", async ([, path, fields, status, code]) => {
    const response = await askUpgrade(path, `Accept: application/json\r\n${fields}`);
    expect(response).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(response).toContain(`\r\nPostern-Error: ${code}\r\n`);
    expect(response.includes("\r\nSec-WebSocket-Version: 13\r\n")).toBe(code === "PN_CONNECT_VERSION");
    const body = JSON.parse(response.slice(response.indexOf("\r\n\r\n"))) as { error: object };
    expect(body.error).toMatchObject({ status, code });
  });
});

describe("the health page", () => {
  test("is JSON for any Accept", async () => {
    const { status, headers, body } = await ask("/health", { headers: { accept: "text/html" } });
    expect([status, headers["content-type"]]).toEqual([200, "application/json"]);
    expect(JSON.parse(body.toString())).toEqual({ status: "ok" });
  });

  test.for([
    ["with an offer of HTTP/2, which is ignored", "/health", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"],
    ["with an offer of TLS, which is ignored", "/health", "Connection: Upgrade\r\nUpgrade: TLS/1.2\r\n"],
    ["at its absolute address", "http://localhost:PORT/health?x=1", ""],
  ] as const)("is found %s", async ([, target, fields]) => {
    const wire = await Wire.dial(onTestFinished, server.port);
    const port = String(server.port);
    wire.write(`GET ${target.replace("PORT", port)} HTTP/1.1\r\nHost: localhost:${port}\r\n${fields}\r\n`);
    await wire.over();
    expect(wire.text).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\{"status":"ok"\}\n$/);
  });

  test("allows only GET and HEAD", async () => {
    const { status, headers } = await ask("/health", { method: "POST", body: "x" });
    expect([status, headers["allow"], headers["postern-error"]]).toEqual([405, "GET, HEAD", "PN_PAGE_METHOD"]);
  });
});
