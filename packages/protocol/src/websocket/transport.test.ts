import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, request, type IncomingMessage } from "node:http";
import { createServer as createListener, connect, type AddressInfo, type Socket } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { HEADROOM, type TransportHandler } from "../transport.js";
import { WebSocketTransport } from "./transport.js";

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const setTimer = (task: () => void, milliseconds: number): unknown => setTimeout(task, milliseconds).unref();

/** Records the events of a transport: whole messages, drains, and the close. */
class TransportRecord implements TransportHandler {
  readonly messages: Buffer[] = [];
  drains = 0;
  pieces = 0;
  readonly closed = Promise.withResolvers<[code: number, reason: string]>();
  onWhole: (message: Buffer) => void = () => {};
  #pieces: Buffer[] = [];
  #ended = false;

  isBusy = false;
  controlFrames = 0;

  onMessage(piece: Buffer, last: boolean): number {
    this.pieces++;
    this.#pieces.push(Buffer.from(piece));
    if (!last) return piece.length;
    const message = Buffer.concat(this.#pieces);
    this.#pieces = [];
    this.messages.push(message);
    this.onWhole(message);
    return piece.length;
  }
  onPaused(): void {}
  onControlFrame(): void {
    this.controlFrames++;
  }
  readonly sent: Buffer[] = [];
  onSent(batch: Buffer): void {
    this.sent.push(batch);
  }
  onDrain(): void {
    this.drains++;
  }
  onClose(code: number, reason: string): void {
    if (this.#ended) throw new Error("onClose twice");
    this.#ended = true;
    this.closed.resolve([code, reason]);
  }
}

interface Ends {
  /** Package `ws` at the other end. */
  peer: WebSocket;
  transport: WebSocketTransport;
  record: TransportRecord;
  socket: Socket;
}

function wrap(socket: Socket, role: "server" | "client", head: Buffer): Omit<Ends, "peer"> {
  onTestFinished(() => void socket.destroy());
  const transport = new WebSocketTransport({ socket, role, head, setTimer });
  const record = new TransportRecord();
  transport.handler = record;
  return { transport, record, socket };
}

/** A transport of `role` with package `ws` at the other end. The test does the handshake itself. */
async function withPeer(role: "server" | "client"): Promise<Ends> {
  if (role === "client") {
    const peers = new WebSocketServer({ port: 0, host: "127.0.0.1" });
    onTestFinished(() => new Promise<void>((done) => peers.close(() => done())));
    await once(peers, "listening");
    const headers = { connection: "upgrade", upgrade: "websocket", "sec-websocket-version": "13", "sec-websocket-key": randomBytes(16).toString("base64") }; // prettier-ignore
    const asking = request({ host: "127.0.0.1", port: (peers.address() as AddressInfo).port, headers });
    const connected = once(peers, "connection") as Promise<[WebSocket]>;
    const upgraded = once(asking, "upgrade") as Promise<[IncomingMessage, Socket, Buffer]>;
    asking.end();
    const [, socket, head] = await upgraded;
    const ends = wrap(socket, role, head);
    const [peer] = await connected;
    onTestFinished(() => peer.terminate());
    return { ...ends, peer };
  }
  const server = createServer().listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  const upgraded = once(server, "upgrade") as Promise<[IncomingMessage, Socket, Buffer]>;
  const peer = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  onTestFinished(() => peer.terminate());
  const [{ headers }, socket, head] = await upgraded;
  const accept = createHash("sha1").update(`${headers["sec-websocket-key"]}${GUID}`).digest("base64");
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  const ends = wrap(socket, role, head);
  await once(peer, "open");
  return { ...ends, peer };
}

function batch(message: Buffer): Buffer {
  return Buffer.concat([Buffer.alloc(HEADROOM, 0xee), message]);
}

function fingerprint(messages: Buffer[]): string[] {
  return messages.map((message) => `${message.length} ${createHash("sha1").update(message).digest("hex")}`);
}

/** Sizes at which headers change, and many in between, up to 1 MiB. */
const SIZES = [0, 1, 125, 126, 127, 65_535, 65_536, 65_537, 1_048_576, ...Array.from({ length: 191 }, () => Math.floor(2 ** (Math.random() * 18)))]; // prettier-ignore

describe.each(["server", "client"] as const)("a %s, with package ws as its peer", (role) => {
  test("exchanges 200 messages of any size in both directions, with pings between them", async () => {
    const { peer, transport, record } = await withPeer(role);
    const out = SIZES.map((size) => randomBytes(size));
    const back = SIZES.map((size) => randomBytes(size));
    const arrived: Buffer[] = [];
    const pongs: string[] = [];
    peer.on("pong", (payload) => pongs.push(payload.toString()));
    const done = Promise.all([
      new Promise<void>((resolve) =>
        peer.on("message", (data: Buffer) => arrived.push(data) === out.length && resolve()),
      ),
      new Promise<void>((resolve) => (record.onWhole = () => record.messages.length === back.length && resolve())),
    ]);
    out.forEach((message, index) => {
      transport.send(batch(message), HEADROOM);
      // As a client, ws masks with random keys.
      peer.send(back[index] as Buffer);
      if (index % 20 === 0) peer.ping(`ping ${index}`);
    });
    await done;
    expect(fingerprint(arrived)).toEqual(fingerprint(out));
    expect(fingerprint(record.messages)).toEqual(fingerprint(back));
    expect(record.pieces).toBeGreaterThan(back.length);
    // While more than 64 KiB wait, only the latest ping needs a pong (RFC 6455, section 5.5.3).
    peer.ping("last");
    while (!pongs.includes("last")) await once(peer, "pong");
  });

  test("reads fragments with a ping between them", async () => {
    const { peer, record } = await withPeer(role);
    const whole = new Promise((resolve) => (record.onWhole = resolve));
    const pong = once(peer, "pong");
    peer.send("one ", { fin: false, binary: true });
    peer.send("two ", { fin: false, binary: true });
    peer.ping("now");
    peer.send("three", { fin: true, binary: true });
    await whole;
    expect(record.messages.map(String)).toEqual(["one two three"]);
    expect(String((await pong)[0])).toBe("now");
  });

  test.each([
    [1000, ""],
    [4002, "PN_PROTOCOL"],
  ])("closes with %i, which reaches the peer", async (code, reason) => {
    const { peer, transport, record } = await withPeer(role);
    const closed = once(peer, "close");
    transport.send(batch(Buffer.from("first")), HEADROOM);
    transport.close(code, reason);
    transport.close(1001, "again");
    transport.send(batch(Buffer.from("too late")), HEADROOM);
    const messages: string[] = [];
    peer.on("message", (data: Buffer) => messages.push(data.toString()));
    const [closeCode, closeReason] = (await closed) as [number, Buffer];
    expect([closeCode, String(closeReason)]).toEqual([code, reason]);
    expect(messages).toEqual(["first"]);
    expect((await record.closed.promise)[0]).toBe(code);
  });

  test.each([
    [1000, ""],
    [4009, "PN_DRAINING"],
    [undefined, ""],
  ])("reports that the peer closes with %s, and completes the handshake", async (code, reason) => {
    const { peer, record } = await withPeer(role);
    peer.close(code, reason);
    const [closeCode] = (await once(peer, "close")) as [number];
    expect(closeCode).toBe(code ?? 1005);
    expect(await record.closed.promise).toEqual([code ?? 1005, reason]);
  });

  test("closes with 1003 after a text message", async () => {
    const { peer, record } = await withPeer(role);
    peer.send("text");
    expect((await once(peer, "close"))[0]).toBe(1003);
    expect((await record.closed.promise)[0]).toBe(1006);
    expect(record.messages).toEqual([]);
  });

  test("closes with 1009 at the header of a message above 1 MiB", async () => {
    const { peer, record } = await withPeer(role);
    peer.on("error", () => {});
    peer.send(Buffer.alloc(1_048_577));
    expect((await record.closed.promise)[0]).toBe(1006);
    expect(record.pieces).toBe(0);
  });

  test("ends with 1006 when the peer vanishes, and after terminate", async () => {
    const one = await withPeer(role);
    one.peer.terminate();
    expect((await one.record.closed.promise)[0]).toBe(1006);
    const other = await withPeer(role);
    other.transport.terminate();
    other.transport.terminate();
    expect((await other.record.closed.promise)[0]).toBe(1006);
    other.transport.send(batch(Buffer.from("lost")), HEADROOM);
    other.transport.close(1000, "");
  });

  test("calls onDrain whenever the socket has held bytes back, even a few", async () => {
    const { peer, transport, record, socket } = await withPeer(role);
    peer.pause();
    // Until the kernel accepts no more; each write is below any socket's high-water mark.
    while (transport.buffered === 0) transport.send(batch(Buffer.alloc(1_000)), HEADROOM);
    expect(record.drains).toBe(0);
    const drained = new Promise<void>((resolve) => {
      record.onDrain = () => {
        expect(socket.writableLength).toBe(0);
        resolve();
      };
    });
    peer.resume();
    await drained;
  });

  test("reports each batch that it could not send at once when it has been sent, in order", async () => {
    const { peer, transport, record } = await withPeer(role);
    peer.pause();
    const held: Buffer[] = [];
    while (held.length < 3) {
      const next = batch(Buffer.alloc(100_000, held.length));
      if (!transport.send(next, HEADROOM)) held.push(next);
      if (held.length === 1) transport.onPing(Buffer.from("p"));
    }
    expect(record.sent).toEqual([]);
    const drained = new Promise<void>((resolve) => (record.onDrain = resolve));
    peer.resume();
    await drained;
    expect(record.sent).toEqual(held);
    expect(transport.send(batch(Buffer.from("small")), HEADROOM)).toBe(true);
    await new Promise((resolve) => setImmediate(resolve));
    expect(record.sent).toEqual(held);
  });
});

/** A transport of a server with a plain socket at the other end. */
async function withSocket(): Promise<{
  peer: Socket;
  transport: WebSocketTransport;
  record: TransportRecord;
  socket: Socket;
}> {
  const listener = createListener({ allowHalfOpen: true }).listen(0, "127.0.0.1");
  onTestFinished(() => void listener.close());
  await once(listener, "listening");
  const accepted = once(listener, "connection") as Promise<[Socket]>;
  const peer = connect({ host: "127.0.0.1", port: (listener.address() as AddressInfo).port, allowHalfOpen: true });
  onTestFinished(() => void peer.destroy());
  peer.on("error", () => {});
  const [socket] = await accepted;
  return { peer, ...wrap(socket, "server", Buffer.from("8281000000", "hex")) };
}

test("a single write that the kernel is known to have taken is not buffered, although the socket counts it", async () => {
  const { peer, socket } = await withSocket();
  peer.pause();
  let hasSent = true;
  const options = { socket, role: "server", head: Buffer.alloc(0), setTimer, hasSent: () => hasSent } as const;
  const transport = new WebSocketTransport(options);
  const large = (): Buffer => batch(Buffer.alloc(16 * 1024 * 1024));
  expect([transport.send(large(), HEADROOM), transport.buffered]).toEqual([false, 0]);
  hasSent = false;
  expect(transport.buffered).toBe(socket.writableLength);
  hasSent = true;
  expect([transport.send(large(), HEADROOM), transport.buffered]).toEqual([false, socket.writableLength]);
});

describe("a misbehaving peer", () => {
  test("that sends more than its allowance is disconnected", async () => {
    const { peer, transport, record } = await withPeer("server");
    // A header of 2 bytes, a key of 4, and the message.
    transport.allowance = 10;
    peer.send(Buffer.from("four"));
    await expect.poll(() => record.messages.map(String)).toEqual(["four"]);
    peer.send(Buffer.from("more"));
    expect(await record.closed.promise).toEqual([1006, ""]);
    expect(record.messages.length).toBe(1);
  });

  test("bytes that arrived with the upgrade are read first", async () => {
    const { peer, record } = await withSocket();
    const whole = new Promise((resolve) => (record.onWhole = resolve));
    peer.write(Buffer.from("0041", "hex"));
    await whole;
    expect(record.messages.map(String)).toEqual(["A"]);
  });

  test("that does not complete the closing handshake is disconnected after two seconds", async () => {
    const timers: [task: () => void, milliseconds: number][] = [];
    const { peer, socket } = await withSocket();
    const record = new TransportRecord();
    const transport = new WebSocketTransport({ socket, role: "server", head: Buffer.alloc(0), setTimer: (task, milliseconds) => timers.push([task, milliseconds]) }); // prettier-ignore
    transport.handler = record;
    transport.close(1000, "");
    peer.write(Buffer.from("898000000000", "hex"));
    expect(timers.map(([, milliseconds]) => milliseconds)).toEqual([2_000]);
    timers[0]?.[0]();
    expect((await record.closed.promise)[0]).toBe(1006);
  });

  test("that ends without a closing handshake ends the transport", async () => {
    const { peer, record } = await withSocket();
    peer.resume();
    peer.end();
    expect((await record.closed.promise)[0]).toBe(1006);
  });

  test("that sends more than its share of a turn waits, and everything arrives in later turns", async () => {
    const { peer, record, transport, socket } = await withSocket();
    peer.write(Buffer.from("0041", "hex"));
    let pauses = 0;
    record.onWhole = () => (record.isBusy = record.messages.length % 100 === 0);
    record.onPaused = () => {
      pauses++;
      expect(socket.isPaused()).toBe(true);
      setImmediate(() => {
        record.isBusy = false;
        transport.resume();
      });
    };
    peer.write(Buffer.from(Array.from({ length: 50_000 }, (_, index) => [0x82, 0x81, 0, 0, 0, 0, index % 251]).flat()));
    peer.end();
    await record.closed.promise;
    expect(record.messages.slice(1).map(([byte]) => byte)).toEqual(
      Array.from({ length: 50_000 }, (_, index) => index % 251),
    );
    expect(pauses).toBeGreaterThan(400);
  });

  test("is counted for each ping and pong", async () => {
    const { peer, record } = await withSocket();
    peer.resume();
    peer.write(Buffer.from("0041" + "898000000000".repeat(3) + "8a8000000000".repeat(4), "hex"));
    peer.end();
    await record.closed.promise;
    expect(record.controlFrames).toBe(7);
  });

  test("that pings endlessly and reads nothing does not get endless pongs", async () => {
    const { peer, record, transport } = await withSocket();
    record.onWhole = () => {};
    peer.write(Buffer.from("0041", "hex"));
    const ping = Buffer.concat([Buffer.from("89fd00000000", "hex"), Buffer.alloc(125, 1)]);
    const many = Buffer.concat(Array.from({ length: 2_000 }, () => ping));
    // The transport continues to read, so this loop ends; its pongs fill the peer's kernel.
    for (let sent = 0; sent < 60; sent++) {
      if (!peer.write(many)) await once(peer, "drain");
      expect(transport.buffered).toBeLessThan(64 * 1024 + 256);
    }
    expect(transport.buffered).toBeGreaterThan(64 * 1024);
    // Once the peer reads, it gets the pong for the latest ping.
    let bytes = 0;
    peer.on("data", (chunk: Buffer) => (bytes += chunk.length));
    await new Promise<void>((resolve) => (record.onDrain = resolve));
    expect(bytes).toBeGreaterThan(64 * 1024);
  });
});
