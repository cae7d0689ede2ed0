import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { Cleanup, Published, startEchoOrigin, SteadyVisitor, TEST_KEY, until } from "@postern/testkit";

/** From PROTOCOL.md: the pending logins of one address, and the bytes that each may send. */
const PENDING = 64;
const BYTES = 4 * 1024;

const cleanup = new Cleanup();
let published: Published;

beforeAll(async () => {
  published = await Published.start(cleanup.defer, (await startEchoOrigin(cleanup.defer)).port);
});
afterAll(() => cleanup.run());

/** A client that is implemented only from PROTOCOL.md. Each test uses a different loopback address. */
class Caller {
  readonly messages: Record<string, unknown>[] = [];
  readonly webSocket: WebSocket;
  closed: { code: number; reason: string } | undefined;

  constructor(localAddress: string) {
    this.webSocket = new WebSocket(`ws://127.0.0.1:${published.port}/connect`, "postern.v1", {
      localAddress,
      headers: { host: "localhost" },
    });
    onTestFinished(() => this.webSocket.terminate());
    this.webSocket.on("message", (data: Buffer) => {
      for (let at = 0; at < data.length; at += 8 + data.readUInt16BE(at + 2)) {
        const payload = data.subarray(at + 8, at + 8 + data.readUInt16BE(at + 2));
        if (data[at] === 0x01) this.messages.push(JSON.parse(payload.toString()) as Record<string, unknown>);
      }
    });
    this.webSocket.on("error", () => {});
    this.webSocket.on("close", (code, reason) => (this.closed = { code, reason: reason.toString() }));
  }

  opened(): Promise<boolean> {
    return until("the WebSocket to open", () => this.webSocket.readyState === WebSocket.OPEN);
  }

  send(message: object): void {
    const payload = Buffer.from(JSON.stringify(message));
    const frame = Buffer.alloc(8 + payload.length);
    frame[0] = 0x01;
    frame.writeUInt16BE(payload.length, 2);
    payload.copy(frame, 8);
    this.webSocket.send(frame);
  }

  async received(type: string): Promise<Record<string, unknown>> {
    return until(`the message ${type}`, () => this.messages.find((message) => message["type"] === type), {
      details: () => JSON.stringify([this.messages, this.closed]),
    });
  }

  over(): Promise<{ code: number; reason: string }> {
    return until("the WebSocket to be closed", () => this.closed);
  }
}

const hello = (more: object = {}): object => ({
  type: "hello",
  versions: [1],
  auth: { method: "api_key", api_key: TEST_KEY },
  ...more,
});

test("a client implemented only from PROTOCOL.md logs in and binds a name", async () => {
  const caller = new Caller("127.0.1.1");
  await caller.opened();
  caller.send(hello());
  expect(await caller.received("welcome")).toMatchObject({ version: 1, heartbeat_ms: 10_000, features: [] });
  caller.send({ type: "bind", bind: 5, subdomain: "by-hand" });
  expect(await caller.received("bound")).toMatchObject({
    bind: 5,
    name: "by-hand",
    public_url: `http://by-hand.localhost:${published.port}`,
  });
});

test("the sixty-fifth pending login of one address is refused; other addresses and open sessions are served", async () => {
  const steady = await SteadyVisitor.start(onTestFinished, published.port, published.host);
  const silent = Array.from({ length: PENDING }, () => new Caller("127.0.1.2"));
  await Promise.all(silent.map((caller) => caller.opened()));

  const late = new Caller("127.0.1.2");
  expect(await late.received("error")).toMatchObject({ code: "PN_LOGIN_BUSY", retryable: true });
  expect(late.messages[0]?.["retry_after_ms"]).toBeGreaterThan(0);
  await late.over();
  const elsewhere = new Caller("127.0.1.3");
  await elsewhere.opened();
  elsewhere.send(hello());
  await elsewhere.received("welcome");

  // After five seconds of silence they are disconnected and no longer counted.
  for (const caller of silent) {
    expect(await caller.received("error")).toMatchObject({ code: "PN_LOGIN_TIMEOUT" });
    await caller.over();
  }
  const again = new Caller("127.0.1.2");
  await again.opened();
  again.send(hello());
  await again.received("welcome");
  await steady.stopAndCheck();
});

test("sessions do not count as pending logins", async () => {
  for (let number = 0; number <= PENDING; number += 1) {
    const caller = new Caller("127.0.1.4");
    await caller.opened();
    caller.send(hello());
    await caller.received("welcome");
  }
});

test("a caller that sends more than 4 KiB before its login is disconnected", async () => {
  const caller = new Caller("127.0.1.5");
  await caller.opened();
  caller.send(hello({ agent: "x".repeat(BYTES) }));
  await caller.over();
  expect(caller.messages.map(({ type }) => type)).not.toContain("welcome");
});

test.for([
  ["an unknown key", hello({ auth: { method: "api_key", api_key: "no-key-of-anybody-0123" } }), "PN_AUTH_REFUSED"],
  ["no key", hello({ auth: { method: "api_key", api_key: "" } }), undefined],
  ["another login method", hello({ auth: { method: "token", token: "x" } }), undefined],
  ["no common version", hello({ versions: [9] }), "PN_VERSION"],
  ["another message first", { type: "bind", bind: 1, subdomain: "too-early" }, "PN_PROTOCOL"],
] as const)("a caller with %s cannot log in", async ([, message, code]) => {
  const caller = new Caller("127.0.1.6");
  await caller.opened();
  caller.send(message);
  await caller.over();
  if (code !== undefined) expect(await caller.received("error")).toMatchObject({ code });
  expect(caller.messages.map(({ type }) => type)).not.toContain("welcome");
});

test.for([
  ["a text message", (caller: Caller) => caller.webSocket.send("hello")],
  ["half a frame", (caller: Caller) => caller.webSocket.send(Buffer.from([0x01, 0, 0, 99, 0, 0, 0, 0, 1]))],
  ["an unknown frame", (caller: Caller) => caller.webSocket.send(Buffer.from([0x77, 0, 0, 0, 0, 0, 0, 0]))],
  [
    "a stream before login",
    (caller: Caller) => caller.webSocket.send(Buffer.from([0x10, 0, 0, 8, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 64, 0])),
  ],
  ["invalid JSON", (caller: Caller) => caller.webSocket.send(Buffer.from([0x01, 0, 0, 1, 0, 0, 0, 0, 0x7b]))],
] as const)("%s ends only its own session", async ([, attack]) => {
  const steady = await SteadyVisitor.start(onTestFinished, published.port, published.host);
  const caller = new Caller("127.0.1.7");
  await caller.opened();
  attack(caller);
  await caller.over();
  await steady.stopAndCheck();
});
