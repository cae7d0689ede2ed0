import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import type { TunnelError } from "@postern/protocol";
import { parseProxy } from "./proxy-address.js";
import { requestTunnel } from "./proxy-tunnel.js";

const SECRET = "canary-0123456789";

/** A socket to a proxy. The test decides how the proxy handles the request. */
async function toProxy(answer: (socket: Socket, request: string) => void): Promise<Socket> {
  const server = createServer((socket) => {
    onTestFinished(() => void socket.destroy());
    let request = "";
    socket
      .on("error", () => {})
      .on("data", (chunk: Buffer) => {
        request += chunk.toString("latin1");
        if (request.endsWith("\r\n\r\n")) answer(socket, request);
      });
  }).listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  return socket;
}

/** Requests a tunnel; undefined on success. */
async function outcome(
  socket: Socket,
  proxy = "http://proxy:3128",
  signal = new AbortController().signal,
): Promise<TunnelError | undefined> {
  const error = await requestTunnel(socket, "tunnel.example:443", parseProxy(proxy), signal).then(
    () => undefined,
    (thrown: TunnelError) => thrown,
  );
  expect(socket.destroyed).toBe(error !== undefined);
  expect(socket.listenerCount("readable") + socket.listenerCount("end") + socket.listenerCount("close")).toBeLessThan(
    3,
  );
  return error;
}

test("the request has the destination and the credentials", async () => {
  let asked = "";
  const socket = await toProxy((at, request) => {
    asked = request;
    at.write("HTTP/1.1 200 OK\r\n\r\n");
  });
  expect(await outcome(socket, `http://me:${SECRET}@proxy`)).toBeUndefined();
  const [first, ...fields] = asked.trimEnd().split("\r\n");
  expect(first).toBe("CONNECT tunnel.example:443 HTTP/1.1");
  expect(fields).toEqual([
    "Host: tunnel.example:443",
    expect.stringMatching(/^User-Agent: postern\//),
    `Proxy-Authorization: Basic ${Buffer.from(`me:${SECRET}`).toString("base64")}`,
  ]);
});

test.each([
  ["at once", "HTTP/1.1 200 OK\r\nVia: a\r\n\r\nhello", ""],
  ["from an old proxy, in two pieces", "HTTP/1.0 200 Connection established\r\n\r\nhel", "lo"],
  ["without a reason, and with a meaningless length", "HTTP/1.1 204\r\nContent-Length: 3\r\n\r\n", "hello"],
])("bytes after a successful response come from the destination: %s", async (_, head, behind) => {
  let finish = (): void => {};
  const socket = await toProxy((at) => {
    finish = () => void at.write(behind);
    at.write(head);
  });
  expect(await outcome(socket)).toBeUndefined();
  let read = "";
  // Uses the socket as node:http does.
  socket.on("data", (chunk: Buffer) => (read += chunk.toString()));
  finish();
  await expect.poll(() => read, { timeout: 10_000 }).toBe("hello");
});

test("a successful response may arrive byte by byte", async () => {
  const socket = await toProxy((at) => {
    at.setNoDelay(true);
    const bytes = "HTTP/1.1 200 OK\r\nA: b\r\n\r\n".split("");
    const next = (): void => {
      const byte = bytes.shift();
      if (byte !== undefined) at.write(byte, () => setImmediate(next));
    };
    next();
  });
  expect(await outcome(socket)).toBeUndefined();
});

test.each([
  ["SSH", "SSH-2.0-OpenSSH_9.6\r\n\r\n", /not HTTP/],
  ["HTTP/2", "HTTP/2 200\r\n\r\n", /not HTTP/],
  ["an invalid status", "HTTP/1.1 2000 OK\r\n\r\n", /not HTTP/],
  ["bare line feeds", "HTTP/1.1 200 OK\nA: b\n\r\n\r\n", /not HTTP/],
  ["a folded field", "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", /not HTTP/],
  ["a field without a name", "HTTP/1.1 200 OK\r\n: b\r\n\r\n", /not HTTP/],
  ["a switch of protocols", "HTTP/1.1 101 Switching\r\n\r\n", /HTTP 101/],
  ["a redirect", "HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n", /HTTP 302 to CONNECT tunnel\.example:443/],
  ["a refusal", "HTTP/1.1 403 Forbidden\r\n\r\n", /HTTP 403/],
  ["a bad gateway", "HTTP/1.1 502 Bad Gateway\r\n\r\n", /HTTP 502/],
  ["a huge head", `HTTP/1.1 200 OK\r\nA: ${"b".repeat(17_000)}\r\n\r\n`, /more than 16 KiB/],
  ["an endless head", `HTTP/1.1 200 OK\r\nA: ${"b".repeat(17_000)}`, /more than 16 KiB/],
])("the response %s is a failure that may be retried", async (_, answer, why) => {
  const error = await outcome(await toProxy((socket) => socket.write(answer, "latin1")), `http://me:${SECRET}@proxy:1`);
  expect(error).toMatchObject({ code: "PN_PROXY_UNREACHABLE", retryable: true });
  expect(error?.message).toMatch(why);
  expect(error?.message).toContain("proxy:1: ");
  expect(error?.message).not.toContain(SECRET);
});

test.each([
  ["http://proxy:1", 'Basic realm="x"', /proxy:1 requires a user name and a password/],
  [`http://me:${SECRET}@proxy:1`, 'Basic realm="x"', /refused this user name and password/],
  [`http://me:${SECRET}@proxy:1`, "NTLM", /requires NTLM authentication, and Postern supports only Basic/],
])("%s: missing or wrong credentials are a final error", async (proxy, wanted, why) => {
  const answer = `HTTP/1.1 407 Auth\r\nProxy-Authenticate: ${wanted}\r\n\r\n`;
  const error = await outcome(await toProxy((socket) => socket.write(answer)), proxy);
  expect(error).toMatchObject({ code: "PN_PROXY_REFUSED", retryable: false });
  expect(error?.message).toMatch(why);
  expect(error?.message).not.toContain(SECRET);
});

test("the request fails when the proxy closes or resets the connection, and when it is aborted while the proxy is silent", async () => {
  const ended = await outcome(await toProxy((socket) => socket.end("HTTP/1.1 200")));
  expect(ended?.message).toMatch(/closed the connection without a response/);
  const torn = await outcome(await toProxy((socket) => socket.resetAndDestroy()));
  expect(torn).toMatchObject({ code: expect.stringMatching(/ECONNRESET|PN_PROXY_UNREACHABLE/) });
  const stop = new AbortController();
  const silent = await toProxy(() => stop.abort(new Error("aborted")));
  expect((await outcome(silent, "http://proxy", stop.signal))?.message).toBe("aborted");
});
