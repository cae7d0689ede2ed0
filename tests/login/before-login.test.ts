import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { Cleanup, Published, startEchoOrigin, SteadyVisitor, TEST_KEY, until } from "@postern/testkit";

/** As PROTOCOL.md has it: connections of one address that have not logged in yet, and what they may send. */
const PLACES = 64;
const BYTES = 4 * 1024;

const cleanup = new Cleanup();
let published: Published;

beforeAll(async () => {
  published = await Published.start(cleanup.defer, (await startEchoOrigin(cleanup.defer)).port);
});
afterAll(() => cleanup.run());

/** A client of our own, written from PROTOCOL.md alone. Each test comes from an address of its own, which all are loopback. */
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

  async told(type: string): Promise<Record<string, unknown>> {
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

test("a client written from PROTOCOL.md logs in and gets a name", async () => {
  const caller = new Caller("127.0.1.1");
  await caller.opened();
  caller.send(hello());
  expect(await caller.told("welcome")).toMatchObject({ version: 1, heartbeat_ms: 10_000, features: [] });
  caller.send({ type: "bind", bind: 5, subdomain: "by-hand" });
  expect(await caller.told("bound")).toMatchObject({
    bind: 5,
    name: "by-hand",
    public_url: `http://by-hand.localhost:${published.port}`,
  });
});

test("the sixty-fifth caller of one address is told to wait; others, and those inside, are served meanwhile", async () => {
  const steady = await SteadyVisitor.start(onTestFinished, published.port, published.host);
  const silent = Array.from({ length: PLACES }, () => new Caller("127.0.1.2"));
  await Promise.all(silent.map((caller) => caller.opened()));

  const late = new Caller("127.0.1.2");
  expect(await late.told("error")).toMatchObject({ code: "PN_LOGIN_BUSY", retryable: true });
  expect(late.messages[0]?.["retry_after_ms"]).toBeGreaterThan(0);
  await late.over();
  const elsewhere = new Caller("127.0.1.3");
  await elsewhere.opened();
  elsewhere.send(hello());
  await elsewhere.told("welcome");

  // After five seconds of silence they are out, and their places are free.
  for (const caller of silent) {
    expect(await caller.told("error")).toMatchObject({ code: "PN_LOGIN_TIMEOUT" });
    await caller.over();
  }
  const again = new Caller("127.0.1.2");
  await again.opened();
  again.send(hello());
  await again.told("welcome");
  await steady.everyTime();
});

test("sixty-four who logged in take no places", async () => {
  for (let number = 0; number <= PLACES; number += 1) {
    const caller = new Caller("127.0.1.4");
    await caller.opened();
    caller.send(hello());
    await caller.told("welcome");
  }
});

test("a caller that says more than 4 KiB before it is known is cut off", async () => {
  const caller = new Caller("127.0.1.5");
  await caller.opened();
  caller.send(hello({ agent: "x".repeat(BYTES) }));
  await caller.over();
  expect(caller.messages.map(({ type }) => type)).not.toContain("welcome");
});

test.for([
  [
    "a key that nobody has",
    hello({ auth: { method: "api_key", api_key: "no-key-of-anybody-0123" } }),
    "PN_AUTH_REFUSED",
  ],
  ["no key", hello({ auth: { method: "api_key", api_key: "" } }), undefined],
  ["another way to log in", hello({ auth: { method: "token", token: "x" } }), undefined],
  ["no common version", hello({ versions: [9] }), "PN_VERSION"],
  ["another message first", { type: "bind", bind: 1, subdomain: "too-early" }, "PN_PROTOCOL"],
] as const)("a caller with %s stays outside", async ([, message, code]) => {
  const caller = new Caller("127.0.1.6");
  await caller.opened();
  caller.send(message);
  await caller.over();
  if (code !== undefined) expect(await caller.told("error")).toMatchObject({ code });
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
  ["no JSON", (caller: Caller) => caller.webSocket.send(Buffer.from([0x01, 0, 0, 1, 0, 0, 0, 0, 0x7b]))],
] as const)("%s ends only the session it came on", async ([, attack]) => {
  const steady = await SteadyVisitor.start(onTestFinished, published.port, published.host);
  const caller = new Caller("127.0.1.7");
  await caller.opened();
  attack(caller);
  await caller.over();
  await steady.everyTime();
});
