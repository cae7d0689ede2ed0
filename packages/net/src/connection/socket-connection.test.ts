import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { until } from "@postern/testkit";
import { describe, expect, onTestFinished, test } from "vitest";
import { describeConnection, Recorder, type ConnectionUnderTest, type Peer } from "./connection.suite.js";
import { isLent, onReturn, reuse } from "./loans.js";
import { SocketConnection } from "./socket-connection.js";

class SocketPeer implements Peer {
  received = "";
  ended = false;
  broken = false;
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (chunk: Buffer) => (this.received += chunk.toString("latin1")));
    socket.on("end", () => (this.ended = true));
    socket.on("error", () => (this.broken = true));
  }
  send(text: string): void {
    this.#socket.write(text, "latin1");
  }
  end(): void {
    this.#socket.end();
  }
  reset(): void {
    this.#socket.resetAndDestroy();
  }
  stall(): void {
    this.#socket.pause();
  }
  goOn(): void {
    this.#socket.resume();
  }
}

async function loopback(): Promise<ConnectionUnderTest & { socket: Socket }> {
  const listener = createServer({ allowHalfOpen: true, highWaterMark: 4 * 1024 });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const far = connect({ port: (listener.address() as AddressInfo).port, host: "127.0.0.1", allowHalfOpen: true });
  const [socket] = (await once(listener, "connection")) as [Socket];
  onTestFinished(() => {
    far.destroy();
    socket.destroy();
    listener.close();
  });
  return { connection: new SocketConnection(socket), peer: new SocketPeer(far), socket };
}

const LARGE = 16 * 1024 * 1024;

describe("a connection on a socket", () => {
  describeConnection(loopback);

  test("has the address of its peer", async () => {
    const { connection } = await loopback();
    expect([connection.remoteAddress, connection.peerCertificate]).toEqual(["127.0.0.1", undefined]);
  });

  test("detects while it is paused that its peer is gone", async () => {
    const { connection, peer } = await loopback();
    const events = new Recorder();
    connection.handler = events;
    connection.pause();
    peer.reset();
    await until("the close", () => {
      connection.checkPeer();
      return events.events.includes("close");
    });
  });

  test("can be detached with the bytes that were not used", async () => {
    const { connection, peer } = await loopback();
    const events = new Recorder();
    connection.handler = events;
    const unread = Buffer.from("first ");
    const socket = connection.detach(unread) as Socket;
    unread.fill(0xdb);
    let text = "";
    socket.on("data", (chunk) => (text += String(chunk)));
    socket.resume();
    peer.send("second");
    peer.end();
    await once(socket, "end");
    socket.end();
    await once(socket, "close");
    expect([text, events.events]).toEqual(["first second", []]);
  });
});

describe("the memory of a write", () => {
  test("is on loan until the kernel has taken all of it", async () => {
    const { connection, peer } = await loopback();
    const chunk = Buffer.alloc(LARGE, "x");
    const returned: ArrayBufferLike[] = [];
    onReturn((buffer) => returned.push(buffer));
    peer.stall();
    connection.write(chunk);
    expect(isLent(chunk.buffer)).toBe(true);
    peer.goOn();
    await until("the loan to end", () => !isLent(chunk.buffer));
    expect(returned).toContain(chunk.buffer);
    expect(connection.unsent).toBe(0);
  });

  test("is not lent if the kernel takes it at once", async () => {
    const { connection } = await loopback();
    const chunk = Buffer.from("small");
    reuse(chunk.buffer);
    connection.write(chunk);
    expect(isLent(chunk.buffer)).toBe(false);
  });

  test("is copied if a small view of it has to wait behind other bytes", async () => {
    const { connection, peer } = await loopback();
    peer.stall();
    connection.write(Buffer.alloc(LARGE, "x"));
    const memory = Buffer.alloc(64 * 1024, "y");
    reuse(memory.buffer);
    connection.write(memory.subarray(0, 1_000));
    connection.writeBoth(Buffer.from("head"), memory.subarray(1_000, 2_000));
    expect(isLent(memory.buffer)).toBe(false);
    memory.fill(0xdb);
    peer.goOn();
    await until("every byte", () => peer.received.length === LARGE + 2_004);
    expect(peer.received.slice(LARGE)).toBe(`${"y".repeat(1_000)}head${"y".repeat(1_000)}`);
  });

  test("is lent if a large view of it has to wait", async () => {
    const { connection, peer } = await loopback();
    peer.stall();
    connection.write(Buffer.alloc(LARGE, "x"));
    const memory = Buffer.alloc(64 * 1024, "y");
    reuse(memory.buffer);
    connection.write(memory.subarray(0, 32 * 1024));
    connection.write(memory.subarray(32 * 1024));
    expect(isLent(memory.buffer)).toBe(true);
    peer.goOn();
    await until("the loan to end", () => !isLent(memory.buffer));
  });

  test.each(["destroy", "reset"] as const)("is returned after %s", async (how) => {
    const { connection, peer } = await loopback();
    const chunk = Buffer.alloc(LARGE);
    reuse(chunk.buffer);
    peer.stall();
    connection.write(chunk);
    connection[how]();
    connection.write(chunk);
    await until("the loan to end", () => !isLent(chunk.buffer));
  });
});

test("a socket with `onread` stops reading when the handler pauses, and continues after resume", async () => {
  const connection = (await loopback()).connection as SocketConnection;
  connection.handler = { onData: () => connection.pause(), onEnd() {}, onDrain() {}, onClose() {} };
  expect(connection.receive(Buffer.from("a"))).toBe(false);
  connection.resume();
  connection.handler = { onData() {}, onEnd() {}, onDrain() {}, onClose() {} };
  expect(connection.receive(Buffer.from("b"))).toBe(true);
});
