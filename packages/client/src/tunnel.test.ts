import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import {
  Session,
  TunnelError,
  WEBSOCKET_GUID,
  WebSocketTransport,
  type Bind,
  type ControlMessage,
  type SessionHandler,
} from "@postern/protocol";
import { Tunnel } from "./tunnel.js";
import type { RequestData, TunnelEvent, TunnelEventOf, TunnelEventType } from "./tunnel-event.js";

/** A server that responds to control messages as `reply` does. */
async function scriptedServer(reply: (message: ControlMessage, session: Session) => void): Promise<string> {
  const listener = createServer();
  listener.on("upgrade", ({ headers }, socket: Socket, head: Buffer) => {
    socket.on("error", () => {});
    onTestFinished(() => void socket.destroy());
    const accept = createHash("sha1").update(`${headers["sec-websocket-key"]}${WEBSOCKET_GUID}`).digest("base64");
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: postern.v1\r\n\r\n`,
    );
    const setTimer = (task: () => void, milliseconds: number): void => void setTimeout(task, milliseconds).unref();
    const transport = new WebSocketTransport({ socket, role: "server", head, setTimer });
    const handler: SessionHandler = {
      onControl: (message) => reply(message, session),
      onStream: (stream) => stream.reset("PN_UNSUPPORTED"),
      onGoAway() {},
      onPong() {},
      onStreamsOver() {},
      onClose() {},
    };
    const schedule = (task: () => void): void => void setImmediate(task);
    const session = new Session({ role: "server", transport, now: () => performance.now(), schedule }, handler);
  });
  onTestFinished(() => void listener.close());
  await once(listener.listen(0, "127.0.0.1"), "listening");
  return `http://127.0.0.1:${(listener.address() as AddressInfo).port}`;
}

/** An issuer that returns a new token each time. */
async function scriptedIssuer(): Promise<{ url: string; given: () => number }> {
  let given = 0;
  const listener = createServer((_, response) => response.end(JSON.stringify({ access_token: `t${++given}` })));
  onTestFinished(() => {
    listener.closeAllConnections();
    listener.close();
  });
  await once(listener.listen(0, "127.0.0.1"), "listening");
  return { url: `http://127.0.0.1:${(listener.address() as AddressInfo).port}/token`, given: () => given };
}

function accept(session: Session): void {
  session.control({
    type: "welcome",
    version: 1,
    session: "s",
    heartbeat_ms: 10_000,
    limits: { streams: 10 },
    features: [],
  });
}

function grant(session: Session, { bind }: Bind): void {
  const public_url = "http://x.test";
  session.control({ type: "bound", bind, tunnel: 1, tunnel_id: "t", name: "x", public_url });
}

function refuse(session: Session): void {
  session.control({ type: "error", code: "PN_AUTH_REFUSED", message: "", retryable: false });
  session.close(new TunnelError("PN_AUTH_REFUSED"));
}

/**
 * Opens a tunnel with tokens from an issuer. Returns the types of its events until `isEnough` returns true or the
 * tunnel fails.
 */
async function events(server: string, issuer: string, isEnough: (seen: TunnelEvent[]) => boolean): Promise<string[]> {
  const seen: TunnelEvent[] = [];
  const enough = Promise.withResolvers<void>();
  const tunnel = new Tunnel({
    server,
    local: 9,
    tokenRefresh: { url: issuer, refreshToken: `r of ${server}` },
    reconnection: { initialDelay: 1, maxDelay: 1 },
    onEvent(event) {
      seen.push(event);
      if (isEnough(seen)) enough.resolve();
    },
  });
  tunnel.open().catch(() => enough.resolve());
  await enough.promise;
  await tunnel.close();
  return seen.map(({ type }) => type);
}

const count = (seen: readonly TunnelEvent[], type: string): number => seen.filter((each) => each.type === type).length;

test("a token that is refused at login is replaced at once, and only once", async () => {
  const issuer = await scriptedIssuer();
  const server = await scriptedServer((message, session) => message.type === "hello" && refuse(session));
  const seen = await events(server, issuer.url, () => false);
  expect(seen.filter((type) => type === "connection_attempt")).toHaveLength(2);
  expect(seen).not.toContain("reconnection");
  expect(issuer.given()).toBe(2);
});

test("a token that is refused with the name is replaced only once", async () => {
  const issuer = await scriptedIssuer();
  const server = await scriptedServer((message, session) => {
    if (message.type === "hello") accept(session);
    if (message.type === "bind") refuse(session);
  });
  const seen = await events(server, issuer.url, () => false);
  expect(seen.filter((type) => type === "connection_attempt")).toHaveLength(2);
  expect(issuer.given()).toBe(2);
});

test("the client retries with pauses if a server accepts every token and then ends the session", async () => {
  const issuer = await scriptedIssuer();
  const server = await scriptedServer((message, session) => {
    if (message.type === "hello") accept(session);
    if (message.type !== "bind") return;
    grant(session, message);
    setImmediate(() => refuse(session));
  });
  const seen = await events(server, issuer.url, (all) => count(all, "tunnel_closed") === 4);
  const order = seen.filter((type) => ["connection_attempt", "tunnel_closed", "reconnection"].includes(type));
  expect(order.slice(0, 10)).toEqual([
    "connection_attempt",
    "tunnel_closed",
    "reconnection",
    "connection_attempt",
    "tunnel_closed",
    "reconnection",
    "connection_attempt",
    "tunnel_closed",
    "reconnection",
    "connection_attempt",
  ]);
  expect(issuer.given()).toBeGreaterThan(1);
});

/** Opens a tunnel with an API key. Returns the first event of this type. */
async function firstEvent<Type extends TunnelEventType>(
  type: Type,
  server: string,
  connectionTimeout = 30_000,
): Promise<TunnelEventOf<Type>> {
  const seen = Promise.withResolvers<TunnelEventOf<Type>>();
  const onEvent = (event: TunnelEvent): void => {
    if (event.type === type) seen.resolve(event as TunnelEventOf<Type>);
  };
  const tunnel = new Tunnel({ server, apiKey: "key", local: 9, connectionTimeout, onEvent });
  tunnel.open().catch((error: unknown) => seen.reject(error));
  onTestFinished(() => tunnel.close());
  return seen.promise;
}

test("a server that does not respond to the request for a name causes a timeout and a retry", async () => {
  const server = await scriptedServer((message, session) => message.type === "hello" && accept(session));
  const { data } = await firstEvent("reconnection", server, 300);
  expect(data.attempt).toBe(1);
});

test("a grant whose address is not a URL, or is far too long, is a protocol error", async () => {
  for (const public_url of ["nowhere", `https://x.test/${"x".repeat(4_000)}`]) {
    const server = await scriptedServer((message, session) => {
      if (message.type === "hello") accept(session);
      if (message.type !== "bind") return;
      session.control({ type: "bound", bind: message.bind, tunnel: 1, tunnel_id: "t", name: "x", public_url });
    });
    const { data, message } = await firstEvent("error", server);
    expect(data.code).toBe("PN_PROTOCOL");
    expect(message.length).toBeLessThan(300);
  }
});

test("a server's records cannot add members to events, and its texts are bounded", async () => {
  const record = { request_id: "r", method: "GET", path: "/", status: 200, started: "now", duration_ms: 1 };
  const server = await scriptedServer((message, session) => {
    if (message.type === "hello") accept(session);
    if (message.type !== "bind") return;
    grant(session, message);
    const hostile = {
      ...record,
      path: "/".repeat(9_000),
      bytes_in: 0,
      bytes_out: 0,
      endpoint: "forged",
      level: "fatal",
    };
    session.control({ type: "requests", tunnel: 1, records: [hostile], omitted: 0 });
  });
  const event = await firstEvent("http_request", server);
  const { path, ...rest } = event.data as RequestData;
  expect([event.endpoint, path.length]).toEqual(["default", 1_024]);
  expect(rest).toEqual({
    request_id: "r",
    method: "GET",
    status: 200,
    started: "now",
    duration_ms: 1,
    bytes_in: 0,
    bytes_out: 0,
  });
  expect(event.message.length).toBeLessThan(1_100);
});

test("a missing local service is reported at the start, and again when it is there", async () => {
  const server = await scriptedServer((message, session) => {
    if (message.type === "hello") accept(session);
    if (message.type === "bind") grant(session, message);
  });
  const missing = await firstEvent("status_update", server);
  expect(missing.data).toMatchObject({ local: "failing", code: "PN_DIAL_REFUSED" });
  expect(missing.message).toBe("nothing listens at localhost:9. Visitors get status 502 until the local service runs.");

  const local = createServer();
  onTestFinished(() => void local.close());
  await once(local.listen(0, "127.0.0.1"), "listening");
  const { promise, resolve } = Promise.withResolvers<TunnelEvent>();
  const tunnel = new Tunnel({
    server,
    apiKey: "key",
    local: (local.address() as AddressInfo).port,
    onEvent: (event) => event.type === "status_update" && resolve(event),
  });
  onTestFinished(() => tunnel.close());
  await tunnel.open();
  expect((await promise).data).toEqual({ local: "ok", before: "unknown" });
  expect(tunnel.status().health).toMatchObject({ local: "ok" });
});

test("a service in this process serves each stream, and its connections count until they are closed", async () => {
  const outcomes: string[] = [];
  const ended = Promise.withResolvers<void>();
  const visit = (session: Session, next: () => void): void => {
    const stream = session.open(1);
    let received = "";
    const settle = (outcome: string): void => {
      outcomes.push(outcome);
      next();
    };
    stream.handler = {
      onData(chunk) {
        received += chunk.toString();
        stream.consumed(chunk.length);
        // The first stream stays open until the second one was refused.
        if (received === "one") visit(session, () => stream.end());
      },
      onEnd: () => settle(received),
      onReset: ({ code }) => settle(code),
      onDrain() {},
    };
    stream.write(Buffer.from(outcomes.length === 0 ? "one" : "two"));
    if (outcomes.length > 0) stream.end();
  };
  const server = await scriptedServer((message, session) => {
    if (message.type === "hello") accept(session);
    if (message.type !== "bind") return;
    expect(message.local_host).toBe("localhost");
    grant(session, message);
    visit(session, () => visit(session, () => ended.resolve()));
  });
  const tunnel = new Tunnel({
    server,
    apiKey: "key",
    maxConnections: 1,
    local: {
      name: "./public",
      accept(connection) {
        connection.handler = {
          onData: (chunk) => connection.write(Buffer.from(chunk)),
          onEnd: () => connection.end(),
          onDrain() {},
          onClose() {},
        };
      },
    },
  });
  onTestFinished(() => tunnel.close());
  await tunnel.open();
  await ended.promise;
  expect(outcomes).toEqual(["PN_STREAM_LIMIT", "one", "two"]);
  expect(tunnel.status()).toMatchObject({ health: { local: "ok" }, config_summary: { local: "./public" } });
});

test("a session that a proxy between client and server closes in an orderly way is replaced", async () => {
  const server = await scriptedServer((message, session) => {
    if (message.type === "hello") accept(session);
    if (message.type !== "bind") return;
    grant(session, message);
    setImmediate(() => session.close(new TunnelError("PN_CLOSED")));
  });
  const { data } = await firstEvent("reconnection", server);
  expect(data.attempt).toBe(1);
});

test("the client obeys the retry time of a server that ends a session", async () => {
  const server = await scriptedServer((message, session) => {
    if (message.type === "hello") accept(session);
    if (message.type !== "bind") return;
    grant(session, message);
    setImmediate(() => {
      const error = { code: "PN_LOGIN_BUSY", message: "", retryable: true, retry_after_ms: 60_000 };
      session.control({ type: "error", ...error });
      session.close(new TunnelError("PN_LOGIN_BUSY"));
    });
  });
  const { data } = await firstEvent("reconnection", server);
  expect(data.delay_ms).toBeGreaterThanOrEqual(60_000);
});
