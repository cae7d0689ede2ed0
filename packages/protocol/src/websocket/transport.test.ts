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

/** What a transport tells: whole messages, drains, and its end. */
class Told implements TransportHandler {
  readonly messages: Buffer[] = [];
  drains = 0;
  pieces = 0;
  readonly closed = Promise.withResolvers<[code: number, reason: string]>();
  onWhole: (message: Buffer) => void = () => {};
  #pieces: Buffer[] = [];
  #ended = false;

  onMessage(piece: Buffer, last: boolean): void {
    this.pieces++;
    this.#pieces.push(Buffer.from(piece));
    if (!last) return;
    const message = Buffer.concat(this.#pieces);
    this.#pieces = [];
    this.messages.push(message);
    this.onWhole(message);
  }
  onDrain(): void {
    this.drains++;
  }
  onClose(code: number, reason: string): void {
    if (this.#ended) throw new Error("told of the end twice");
    this.#ended = true;
    this.closed.resolve([code, reason]);
  }
}

interface Ends {
  /** Package `ws` at the other end. */
  peer: WebSocket;
  transport: WebSocketTransport;
  told: Told;
  socket: Socket;
}

function wrap(socket: Socket, role: "server" | "client", head: Buffer): Omit<Ends, "peer"> {
  onTestFinished(() => void socket.destroy());
  const transport = new WebSocketTransport({ socket, role, head, setTimer });
  const told = new Told();
  transport.handler = told;
  return { transport, told, socket };
}

/** A transport of `role` whose other end is package `ws`; the handshake is done here by hand. */
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

/** Sizes at which headers change, and many between, up to 1 MiB. */
const SIZES = [0, 1, 125, 126, 127, 65_535, 65_536, 65_537, 1_048_576, ...Array.from({ length: 191 }, () => Math.floor(2 ** (Math.random() * 18)))]; // prettier-ignore

describe.each(["server", "client"] as const)("a %s, with package ws as its peer", (role) => {
  test("200 messages of any size each way, at once, and pings among them", async () => {
    const { peer, transport, told } = await withPeer(role);
    const out = SIZES.map((size) => randomBytes(size));
    const back = SIZES.map((size) => randomBytes(size));
    const arrived: Buffer[] = [];
    const pongs: string[] = [];
    peer.on("pong", (payload) => pongs.push(payload.toString()));
    const done = Promise.all([
      new Promise<void>((resolve) =>
        peer.on("message", (data: Buffer) => arrived.push(data) === out.length && resolve()),
      ),
      new Promise<void>((resolve) => (told.onWhole = () => told.messages.length === back.length && resolve())),
    ]);
    out.forEach((message, index) => {
      transport.send(batch(message), HEADROOM);
      // ws masks with keys of its own, as a client; a string after a ping shows the order.
      peer.send(back[index] as Buffer);
      if (index % 20 === 0) peer.ping(`ping ${index}`);
    });
    await done;
    expect(fingerprint(arrived)).toEqual(fingerprint(out));
    expect(fingerprint(told.messages)).toEqual(fingerprint(back));
    expect(told.pieces).toBeGreaterThan(back.length);
    // Pings come while more than 64 KiB wait: only the latest needs an answer (RFC 6455, section 5.5.3).
    peer.ping("last");
    while (!pongs.includes("last")) await once(peer, "pong");
  });

  test("fragments, with a ping between them", async () => {
    const { peer, told } = await withPeer(role);
    const whole = new Promise((resolve) => (told.onWhole = resolve));
    const pong = once(peer, "pong");
    peer.send("one ", { fin: false, binary: true });
    peer.send("two ", { fin: false, binary: true });
    peer.ping("now");
    peer.send("three", { fin: true, binary: true });
    await whole;
    expect(told.messages.map(String)).toEqual(["one two three"]);
    expect(String((await pong)[0])).toBe("now");
  });

  test.each([
    [1000, ""],
    [4002, "PN_PROTOCOL"],
  ])("closes with %i, and the peer hears it", async (code, reason) => {
    const { peer, transport, told } = await withPeer(role);
    const heard = once(peer, "close");
    transport.send(batch(Buffer.from("first")), HEADROOM);
    transport.close(code, reason);
    transport.close(1001, "again");
    transport.send(batch(Buffer.from("too late")), HEADROOM);
    const messages: string[] = [];
    peer.on("message", (data: Buffer) => messages.push(data.toString()));
    const [heardCode, heardReason] = (await heard) as [number, Buffer];
    expect([heardCode, String(heardReason)]).toEqual([code, reason]);
    expect(messages).toEqual(["first"]);
    expect((await told.closed.promise)[0]).toBe(code);
  });

  test.each([
    [1000, ""],
    [4009, "PN_DRAINING"],
    [undefined, ""],
  ])("hears that the peer closes with %s, and answers it", async (code, reason) => {
    const { peer, told } = await withPeer(role);
    peer.close(code, reason);
    const [heard] = (await once(peer, "close")) as [number];
    expect(heard).toBe(code ?? 1005);
    expect(await told.closed.promise).toEqual([code ?? 1005, reason]);
  });

  test("a text message ends it with 1003", async () => {
    const { peer, told } = await withPeer(role);
    peer.send("text");
    expect((await once(peer, "close"))[0]).toBe(1003);
    expect((await told.closed.promise)[0]).toBe(1006);
    expect(told.messages).toEqual([]);
  });

  test("a message above 1 MiB ends it with 1009, before it has come", async () => {
    const { peer, told } = await withPeer(role);
    peer.on("error", () => {});
    peer.send(Buffer.alloc(1_048_577));
    expect((await told.closed.promise)[0]).toBe(1006);
    expect(told.pieces).toBe(0);
  });

  test("a peer that vanishes, and terminate", async () => {
    const one = await withPeer(role);
    one.peer.terminate();
    expect((await one.told.closed.promise)[0]).toBe(1006);
    const other = await withPeer(role);
    other.transport.terminate();
    other.transport.terminate();
    expect((await other.told.closed.promise)[0]).toBe(1006);
    other.transport.send(batch(Buffer.from("to nobody")), HEADROOM);
    other.transport.close(1000, "");
  });

  test("a drain is told whenever the socket had kept bytes back, however few", async () => {
    const { peer, transport, told, socket } = await withPeer(role);
    peer.pause();
    // Until the kernel takes no more; each of these is below any socket's high-water mark.
    while (transport.buffered === 0) transport.send(batch(Buffer.alloc(1_000)), HEADROOM);
    expect(told.drains).toBe(0);
    const drained = new Promise<void>((resolve) => {
      told.onDrain = () => {
        expect(socket.writableLength).toBe(0);
        resolve();
      };
    });
    peer.resume();
    await drained;
  });
});

/** A transport of a server, and the bare socket at its other end. */
async function withSocket(): Promise<{ peer: Socket; transport: WebSocketTransport; told: Told; socket: Socket }> {
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

describe("a peer that does what it likes", () => {
  test("what came with the upgrade is read first", async () => {
    const { peer, told } = await withSocket();
    const whole = new Promise((resolve) => (told.onWhole = resolve));
    peer.write(Buffer.from("0041", "hex"));
    await whole;
    expect(told.messages.map(String)).toEqual(["A"]);
  });

  test("that does not answer our closing has two seconds, whatever it sends meanwhile", async () => {
    const timers: [task: () => void, milliseconds: number][] = [];
    const { peer, socket } = await withSocket();
    const told = new Told();
    const transport = new WebSocketTransport({ socket, role: "server", head: Buffer.alloc(0), setTimer: (task, milliseconds) => timers.push([task, milliseconds]) }); // prettier-ignore
    transport.handler = told;
    transport.close(1000, "");
    peer.write(Buffer.from("898000000000", "hex"));
    expect(timers.map(([, milliseconds]) => milliseconds)).toEqual([2_000]);
    timers[0]?.[0]();
    expect((await told.closed.promise)[0]).toBe(1006);
  });

  test("that ends without a closing handshake: everything is over", async () => {
    const { peer, told } = await withSocket();
    peer.resume();
    peer.end();
    expect((await told.closed.promise)[0]).toBe(1006);
  });

  test("that pings for ever and reads nothing is not answered for ever", async () => {
    const { peer, told, transport } = await withSocket();
    told.onWhole = () => {};
    peer.write(Buffer.from("0041", "hex"));
    const ping = Buffer.concat([Buffer.from("89fd00000000", "hex"), Buffer.alloc(125, 1)]);
    const many = Buffer.concat(Array.from({ length: 2_000 }, () => ping));
    // The transport reads on, so this ends only when it has read what it was sent; the peer's kernel holds what it can.
    for (let sent = 0; sent < 60; sent++) {
      if (!peer.write(many)) await once(peer, "drain");
      expect(transport.buffered).toBeLessThan(64 * 1024 + 256);
    }
    expect(transport.buffered).toBeGreaterThan(64 * 1024);
    // It reads after all: the latest ping is answered then.
    let bytes = 0;
    peer.on("data", (chunk: Buffer) => (bytes += chunk.length));
    await new Promise<void>((resolve) => (told.onDrain = resolve));
    expect(bytes).toBeGreaterThan(64 * 1024);
  });
});
