import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { expect, onTestFinished, test, vi } from "vitest";
import { SocketConnection, type ByteStream, type ByteStreamHandler } from "@postern/net";
import { Gateway, type GatewayOptions } from "./gateway.js";
import { refusals } from "./http/index.js";
import type { RespondRoute, Router } from "./route.js";
import { Pool } from "./upstream/pool.js";
import { Target } from "./upstream/target.js";
import type { Upstream } from "./upstream/upstream.js";

/** A gateway on a free port. */
async function listen(router: Router, options: Partial<GatewayOptions> = {}): Promise<number> {
  const gateway = new Gateway(router, { proto: "http", ...options });
  const listener = createServer({ allowHalfOpen: true }, (socket) => gateway.accept(new SocketConnection(socket)));
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  onTestFinished(async () => {
    listener.close();
    await gateway.drain(0);
  });
  return (listener.address() as AddressInfo).port;
}

/** Requests `path`. Returns all bytes received until the end; rejects when the connection is reset. */
async function visit(port: number, path: string, ...fields: string[]): Promise<string> {
  const socket: Socket = connect(port, "127.0.0.1");
  socket.write([`GET ${path} HTTP/1.1`, "Host: a", "Connection: close", ...fields, "", ""].join("\r\n"));
  let text = "";
  for await (const chunk of socket) text += String(chunk);
  return text;
}

test("an error while one visitor is served closes its connection, is reported, and affects no other visitor", async () => {
  const faults: unknown[] = [];
  const fault = new Error("a mistake in the router");
  const router: Router = ({ path }) => {
    if (path === "/fault") throw fault;
    return { kind: "refusal", refusal: refusals.PN_TUNNEL_UNKNOWN };
  };
  const port = await listen(router, { onFault: (error) => faults.push(error) });
  await expect(visit(port, "/fault")).rejects.toMatchObject({ code: "ECONNRESET" });
  expect(faults).toEqual([fault]);
  expect(await visit(port, "/other")).toMatch(/^HTTP\/1\.1 404 /);
});

test("every refused request is reported once, and a request that reached its route's target is not", async () => {
  const refused: string[] = [];
  const finished: string[] = [];
  const pool = new Pool([new Target(new RefusingUpstream())]);
  const router: Router = ({ path }) => {
    if (path === "/unknown") return { kind: "refusal", refusal: refusals.PN_TUNNEL_UNKNOWN };
    if (path === "/moved") return { kind: "respond", page: refusals.PN_HTTP_INSECURE, location: "https://a/" };
    return { kind: "upstream", pool, hostHeader: undefined, onFinished: ({ code }) => finished.push(String(code)) };
  };
  const port = await listen(router, { onRefused: ({ code }) => refused.push(code), limits: { body: 10 } });
  await visit(port, "/unknown");
  await visit(port, "/moved");
  await visit(port, "/not valid");
  await visit(port, "/", "Content-Length: 11");
  expect(refused).toEqual(["PN_TUNNEL_UNKNOWN", "PN_HTTP_INSECURE", "PN_HTTP_REQUEST_LINE", "PN_HTTP_BODY_TOO_LARGE"]);
  expect(await visit(port, "/service")).toMatch(/^HTTP\/1\.1 502 /);
  expect([refused.length, finished]).toEqual([4, ["PN_ORIGIN_REFUSED"]]);
});

test("a route learns of the requests to which the gateway itself responded", async () => {
  const finished: unknown[] = [];
  const onFinished: RespondRoute["onFinished"] = ({ method, path, status, ended, code, id }) =>
    finished.push([method, path, status, ended, code, id !== ""]);
  const router: Router = ({ path }) =>
    path === "/unknown"
      ? { kind: "refusal", refusal: refusals.PN_ROUTE_UNKNOWN, onFinished }
      : { kind: "respond", page: { status: 307, text: "" }, location: "/there", onFinished };
  const refused: string[] = [];
  const port = await listen(router, { onRefused: ({ code }) => refused.push(code) });
  expect(await visit(port, "/here")).toMatch(/^HTTP\/1\.1 307 Temporary Redirect\r\n[^]*\r\nLocation: \/there\r\n/);
  expect(await visit(port, "/unknown")).toMatch(/^HTTP\/1\.1 404 /);
  expect([finished, refused]).toEqual([
    [
      ["GET", "/here", 307, "complete", undefined, true],
      ["GET", "/unknown", 404, "refused", "PN_ROUTE_UNKNOWN", true],
    ],
    ["PN_ROUTE_UNKNOWN"],
  ]);
});

/** An origin that reads the request, and never responds. */
class SilentUpstream implements Upstream, ByteStream {
  readonly unavailable = undefined;
  readonly suspect = false;
  readonly unsent = 0;
  handler!: ByteStreamHandler;
  broken = false;

  dial(): ByteStream {
    return this;
  }
  write(): boolean {
    return true;
  }
  end(): void {}
  reset(): void {
    this.broken = true;
  }
  resetAfterFlush(): void {
    this.reset();
  }
  consumed(): void {}
}

test("deadlines end real connections: an upload that stops, and a visitor that sends nothing", async () => {
  const upstream = new SilentUpstream();
  const pool = new Pool([new Target(upstream)]);
  const router: Router = () => ({ kind: "upstream", pool, hostHeader: undefined, onFinished() {} });
  const port = await listen(router, { limits: { bodyGrace: 100, idle: 100 } });
  const silent = connect(port, "127.0.0.1");
  const socket = connect(port, "127.0.0.1");
  socket.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n${"x".repeat(1_000)}`);
  let text = "";
  for await (const chunk of socket) text += String(chunk);
  expect(text).toMatch(/^HTTP\/1\.1 408 [^]*PN_HTTP_BODY_TIMEOUT/);
  expect(upstream.broken).toBe(true);
  for await (const chunk of silent) expect(String(chunk)).toBe("");
});

test("after the last response, input is read for a while, then the visitor is disconnected", async () => {
  const port = await listen(() => ({ kind: "refusal", refusal: refusals.PN_TUNNEL_UNKNOWN }), {
    limits: { linger: 200 },
  });
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  socket.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n");
  const more = setInterval(() => socket.write("x"), 50);
  onTestFinished(() => clearInterval(more));
  const over = once(socket, "close").catch(() => {});
  let text = "";
  socket.on("data", (chunk) => (text += String(chunk)));
  socket.on("error", () => {});
  await over;
  expect(text).toMatch(/^HTTP\/1\.1 404 [^]*PN_TUNNEL_UNKNOWN/);
});

/** An origin that refuses connections. */
class RefusingUpstream extends SilentUpstream {
  override dial(): ByteStream {
    setImmediate(() => this.handler.onReset({ cause: "refused", delivered: 0 }));
    return this;
  }
}

/** A gateway under memory pressure that the test controls. */
async function pressed(onShortage = (): void => {}): Promise<{
  port: number;
  press: (share: number) => Promise<void>;
}> {
  let share = 0;
  let told = Promise.withResolvers<void>();
  const pool = new Pool([new Target(new SilentUpstream())]);
  const router: Router = ({ path }) =>
    path === "/here"
      ? { kind: "refusal", refusal: refusals.PN_TUNNEL_UNKNOWN }
      : { kind: "upstream", pool, hostHeader: undefined, onFinished() {} };
  const port = await listen(router, { memory: () => share, onPressure: () => told.resolve(), onShortage });
  const press = async (next: number): Promise<void> => {
    told = Promise.withResolvers();
    share = next;
    await told.promise;
  };
  return { port, press };
}

/** A connection that stays open after one response. */
async function kept(port: number): Promise<{ ended: Promise<unknown>; ask: (path: string) => Promise<string> }> {
  const socket = connect(port, "127.0.0.1");
  const ended = once(socket, "end");
  const ask = async (path: string): Promise<string> => {
    socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
    const [answer] = (await once(socket, "data")) as [Buffer];
    return answer.toString();
  };
  await ask("/here");
  return { ended, ask };
}

test("when memory is low, idle connections are closed and new ones are served", async () => {
  const { port, press } = await pressed();
  const { ended } = await kept(port);
  await press(0.86);
  await ended;
  expect(await visit(port, "/here")).toMatch(/^HTTP\/1\.1 404 /);
});

test("more memory is requested while very little is left, and no longer", async () => {
  let calls = 0;
  const { press } = await pressed(() => calls++);
  await press(0.92);
  expect(calls).toBe(0);
  await press(0.94);
  await vi.waitUntil(() => calls > 0);
  await press(0.89);
  const before = calls;
  await press(0.5);
  expect(calls).toBe(before);
});

test("when memory is very low, connections close after their response; when it is nearly exhausted, requests are refused until there is more", async () => {
  const { port, press } = await pressed();
  await press(0.93);
  const closing = await kept(port);
  await closing.ended;
  await press(0.97);
  const refused = await visit(port, "/there");
  expect(refused).toMatch(/^HTTP\/1\.1 503 .*\r\nretry-after: /is);
  expect(refused).toContain("PN_OVERLOADED");
  await press(0.5);
  const { ask } = await kept(port);
  expect(await ask("/here")).not.toMatch(/connection: close/i);
});
