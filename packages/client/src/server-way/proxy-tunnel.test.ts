import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import type { TunnelError } from "@postern/protocol";
import { parseProxy } from "./proxy-address.js";
import { requestTunnel } from "./proxy-tunnel.js";

const SECRET = "canary-0123456789";

/** A socket to a proxy that takes every request for the same: what it does with it is up to the test. */
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

/** What becomes of asking: undefined when there is a tunnel. */
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

test("the request says where to, and who asks", async () => {
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
  ["without a reason, and with a length that means nothing", "HTTP/1.1 204\r\nContent-Length: 3\r\n\r\n", "hello"],
])("what comes behind a yes is the destination's: %s", async (_, head, behind) => {
  let finish = (): void => {};
  const socket = await toProxy((at) => {
    finish = () => void at.write(behind);
    at.write(head);
  });
  expect(await outcome(socket)).toBeUndefined();
  let read = "";
  // As node:http takes a socket over.
  socket.on("data", (chunk: Buffer) => (read += chunk.toString()));
  finish();
  await expect.poll(() => read, { timeout: 10_000 }).toBe("hello");
});

test("a yes that comes byte by byte is one", async () => {
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
  ["no HTTP", "SSH-2.0-OpenSSH_9.6\r\n\r\n", /not HTTP/],
  ["HTTP/2", "HTTP/2 200\r\n\r\n", /not HTTP/],
  ["a status that is none", "HTTP/1.1 2000 OK\r\n\r\n", /not HTTP/],
  ["bare line feeds", "HTTP/1.1 200 OK\nA: b\n\r\n\r\n", /not HTTP/],
  ["a folded field", "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", /not HTTP/],
  ["a field without a name", "HTTP/1.1 200 OK\r\n: b\r\n\r\n", /not HTTP/],
  ["a switch of protocols", "HTTP/1.1 101 Switching\r\n\r\n", /HTTP 101/],
  ["a redirect", "HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n", /HTTP 302 when asked for tunnel\.example:443/],
  ["that it may not", "HTTP/1.1 403 Forbidden\r\n\r\n", /HTTP 403/],
  ["that it could not", "HTTP/1.1 502 Bad Gateway\r\n\r\n", /HTTP 502/],
  ["too much", `HTTP/1.1 200 OK\r\nA: ${"b".repeat(17_000)}\r\n\r\n`, /more than 16 KiB/],
  ["without end", `HTTP/1.1 200 OK\r\nA: ${"b".repeat(17_000)}`, /more than 16 KiB/],
])("an answer that says %s is a failure that may pass", async (_, answer, why) => {
  const error = await outcome(await toProxy((socket) => socket.write(answer, "latin1")), `http://me:${SECRET}@proxy:1`);
  expect(error).toMatchObject({ code: "PN_PROXY_UNREACHABLE", retryable: true });
  expect(error?.message).toMatch(why);
  expect(error?.message).toContain("proxy:1: ");
  expect(error?.message).not.toContain(SECRET);
});

test.each([
  ["http://proxy:1", 'Basic realm="x"', /proxy:1 asks for a name and a password/],
  [`http://me:${SECRET}@proxy:1`, 'Basic realm="x"', /does not take this name and password/],
  [`http://me:${SECRET}@proxy:1`, "NTLM", /asks for NTLM, and Postern can only do Basic/],
])("%s: one that wants other credentials has to be given them", async (proxy, wanted, why) => {
  const answer = `HTTP/1.1 407 Auth\r\nProxy-Authenticate: ${wanted}\r\n\r\n`;
  const error = await outcome(await toProxy((socket) => socket.write(answer)), proxy);
  expect(error).toMatchObject({ code: "PN_PROXY_REFUSED", retryable: false });
  expect(error?.message).toMatch(why);
  expect(error?.message).not.toContain(SECRET);
});

test("an end without an answer, a reset, and none at all until it is called off", async () => {
  const ended = await outcome(await toProxy((socket) => socket.end("HTTP/1.1 200")));
  expect(ended?.message).toMatch(/ends the connection without an answer/);
  const torn = await outcome(await toProxy((socket) => socket.resetAndDestroy()));
  expect(torn).toMatchObject({ code: expect.stringMatching(/ECONNRESET|PN_PROXY_UNREACHABLE/) });
  const stop = new AbortController();
  const silent = await toProxy(() => stop.abort(new Error("called off")));
  expect((await outcome(silent, "http://proxy", stop.signal))?.message).toBe("called off");
});
