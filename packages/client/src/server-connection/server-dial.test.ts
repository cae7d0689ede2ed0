import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { parseProxy } from "./proxy-address.js";
import { dialServer } from "./server-dial.js";

interface Listener {
  port: number;
  /** Open connections. */
  sockets: Set<Socket>;
  /** The bytes that it has received. */
  received: string;
}

/** Listens on one address of this machine, and sends nothing. */
async function listen(host: string): Promise<Listener> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("data", (chunk: Buffer) => (listener.received += chunk.toString("latin1")));
    socket.on("error", () => {}).on("close", () => sockets.delete(socket));
  });
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  await once(server.listen(0, host), "listening");
  const listener = { port: (server.address() as AddressInfo).port, sockets, received: "" };
  return listener;
}

/** Dials a name that resolves to these addresses. */
async function dialled(
  url: string,
  addresses: string[] | Error,
  signal = new AbortController().signal,
): Promise<Socket> {
  const lookup = async (): Promise<string[]> => {
    if (addresses instanceof Error) throw addresses;
    return addresses;
  };
  const socket = await dialServer({ address: new URL(url), tls: {}, signal, lookup });
  onTestFinished(() => void socket.destroy());
  return socket;
}

test("an address that refuses is skipped at once", async () => {
  const { port, sockets } = await listen("127.0.0.3");
  const socket = await dialled(`http://tunnel.test:${port}`, ["127.0.0.1", "127.0.0.2", "127.0.0.3"]);
  expect(socket.remoteAddress).toBe("127.0.0.3");
  await expect.poll(() => sockets.size, { timeout: 10_000 }).toBe(1);
});

test("when all addresses fail, the message has the error of each", async () => {
  const { port } = await listen("127.0.0.3");
  await expect(dialled(`ws://tunnel.test:${port}`, ["127.0.0.1", "::1", "127.0.0.2"])).rejects.toMatchObject({
    code: "PN_SERVER_UNREACHABLE",
    retryable: true,
    message: expect.stringMatching(
      new RegExp(
        `\\(127\\.0\\.0\\.1:${port}: ECONNREFUSED, nothing listens on this port; \\[::1\\]:${port}: [^;]+; 127\\.0\\.0\\.2:${port}: ECONNREFUSED, nothing listens on this port\\)$`,
      ),
    ),
  });
});

test.each([
  ["ENOTFOUND", /tunnel\.test: ENOTFOUND, this name does not exist: check its spelling/],
  ["EAI_AGAIN", /tunnel\.test: EAI_AGAIN, the DNS server does not respond: check this machine's network/],
])("a failed lookup (%s) may be retried, and the message says what to check", async (code, message) => {
  const error = Object.assign(new Error("getaddrinfo"), { code });
  await expect(dialled("https://tunnel.test", error)).rejects.toMatchObject({
    code: "PN_SERVER_UNREACHABLE",
    retryable: true,
    message: expect.stringMatching(message),
  });
});

test("a name without an address cannot be reached", async () => {
  await expect(dialled("https://tunnel.test", [])).rejects.toMatchObject({
    message: expect.stringMatching(/tunnel\.test: ENODATA, the name has no address/),
  });
});

test("a dial that is aborted during the TLS handshake leaves nothing open", async () => {
  const { port, sockets } = await listen("127.0.0.1");
  const stop = new AbortController();
  const waits: string[] = [];
  const dialling = dialServer({
    address: new URL(`wss://tunnel.test:${port}`),
    tls: {},
    signal: stop.signal,
    lookup: async () => ["127.0.0.1"],
    onWait: (what) => waits.push(what),
  });
  await expect.poll(() => sockets.size, { timeout: 10_000 }).toBe(1);
  stop.abort(new Error("aborted"));
  await expect(dialling).rejects.toThrow();
  await expect.poll(() => sockets.size, { timeout: 10_000 }).toBe(0);
  expect(waits).toEqual([
    "the address of tunnel.test",
    `127.0.0.1:${port}: timed out`,
    expect.stringContaining(`the TLS handshake with tunnel.test:${port}. Perhaps it does not use TLS: `),
  ]);
  expect(process.getActiveResourcesInfo()).not.toContain("TCPSocketWrap");
});

test("CONNECT contains an IPv6 address in brackets, or a name that the client has not resolved", async () => {
  const lookup = (): Promise<never> => Promise.reject(new Error("the name is resolved"));
  for (const [url, asked] of [
    ["ws://[2001:db8::1]:8080", "[2001:db8::1]:8080"],
    ["ws://Tunnel.test", "tunnel.test:80"],
  ] as const) {
    const listener = await listen("127.0.0.1");
    const stop = new AbortController();
    const dialling = dialServer({
      address: new URL(url),
      tls: {},
      proxy: parseProxy(`http://127.0.0.1:${listener.port}`),
      signal: stop.signal,
      lookup,
    });
    await expect.poll(() => listener.received, { timeout: 10_000 }).toContain("\r\n\r\n");
    expect(listener.received.split("\r\n").slice(0, 2)).toEqual([`CONNECT ${asked} HTTP/1.1`, `Host: ${asked}`]);
    stop.abort(new Error("aborted"));
    await expect(dialling).rejects.toThrow("aborted");
    await expect.poll(() => listener.sockets.size, { timeout: 10_000 }).toBe(0);
  }
});

test("a dial that is aborted during the lookup ends at once", async () => {
  const stop = new AbortController();
  const lookup = (): Promise<never> => new Promise(() => {});
  const dialling = dialServer({ address: new URL("wss://tunnel.test"), tls: {}, signal: stop.signal, lookup });
  stop.abort(new Error("aborted"));
  await expect(dialling).rejects.toThrow("aborted");
});
