import { once } from "node:events";
import { connect, createServer, Socket, type AddressInfo } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { until } from "@postern/testkit";
import { describe, expect, onTestFinished, test, vi, type Mock } from "vitest";
import { BLOCK_SIZE } from "./block.js";
import { describeConnection, Recorder, type ConnectionUnderTest } from "./connection.suite.js";
import { isLent, onReturn } from "../socket/buffer-pool.js";
import { READ_BUFFERS, SHARED_BUFFER } from "../socket/read-buffers.js";
import { SocketConnection } from "./socket-connection.js";
import { SocketPeer } from "./socket-peer.suite.js";

const SOCKET_OPTIONS = { allowHalfOpen: true, highWaterMark: 4 * 1024 };

async function loopback(): Promise<ConnectionUnderTest & { socket: Socket }> {
  const listener = createServer(SOCKET_OPTIONS);
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

  test("ends its socket once, also if it is ended again because its peer has ended", async () => {
    const { connection, peer, socket } = await loopback();
    const end = vi.spyOn(socket, "end");
    const events = new Recorder();
    connection.handler = events;
    connection.end();
    peer.end();
    await until("the peer's end", () => events.events.includes("end"));
    connection.end();
    expect(end).toHaveBeenCalledTimes(1);
  });

  test("sends everything before its end, even if the kernel takes the last piece later", async () => {
    const { connection, peer, socket } = await loopback();
    let takeLater = (): void => {};
    vi.spyOn(socket, "_write").mockImplementationOnce((...args) => {
      takeLater = () => Socket.prototype._write.apply(socket, args);
    });
    connection.write(Buffer.alloc(60_000, "x"));
    connection.end();
    await nextTurn();
    takeLater();
    await until("the end", () => peer.ended || peer.broken);
    expect([peer.received.length, peer.broken]).toEqual([60_000, false]);
  });

  test("that has ended and is paused stays open while its peer is there", async () => {
    const { connection, peer } = await loopback();
    const events = new Recorder();
    connection.handler = events;
    connection.end();
    connection.pause();
    await until("the end", () => peer.ended);
    connection.checkPeer();
    await nextTurn();
    connection.resume();
    peer.send("answer");
    peer.end();
    await until("the close", () => events.events.includes("close"));
    expect([events.data, ...events.withoutDrains]).toEqual(["answer", "end", "close"]);
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
    const chunk = READ_BUFFERS.take().subarray(0, 5);
    connection.write(chunk);
    expect(isLent(chunk.buffer)).toBe(false);
  });

  test("is copied if a small view of it has to wait behind other bytes", async () => {
    const { connection, peer } = await loopback();
    peer.stall();
    connection.write(Buffer.alloc(LARGE, "x"));
    const memory = READ_BUFFERS.take().fill("y");
    connection.write(memory.subarray(0, 1_000));
    connection.writeBoth(Buffer.from("head"), memory.subarray(1_000, 2_000));
    expect(isLent(memory.buffer)).toBe(false);
    memory.fill(0xdb);
    peer.goOn();
    await until("every byte", () => peer.received.length === LARGE + 2_004);
    expect(peer.received.slice(LARGE)).toBe(`${"y".repeat(1_000)}head${"y".repeat(1_000)}`);
  });

  test("is copied if it is a small view, also when a peer that let earlier bytes wait has caught up", async () => {
    const { connection, peer, socket } = await loopback();
    peer.stall();
    connection.write(Buffer.alloc(LARGE, "x"));
    peer.goOn();
    await until("the drain", () => connection.unsent === 0);
    const memory = READ_BUFFERS.take().fill("y");
    vi.spyOn(socket, "_write").mockImplementation(() => {});
    connection.write(memory.subarray(0, 20_000));
    expect([connection.unsent, isLent(memory.buffer)]).toEqual([20_000, false]);
  });

  test("that joined pieces is used again after the kernel has taken it, and not before", async () => {
    const [stalled, other] = [await loopback(), await loopback()];
    const pieces = (text: string): Buffer[] => Array.from({ length: 50 }, () => Buffer.alloc(1_000, text));
    const memory = new Set<ArrayBufferLike>();
    for (const { socket } of [stalled, other]) {
      vi.spyOn(socket, "_write").mockImplementation((chunk: Buffer, ...rest) => {
        memory.add(chunk.buffer);
        Socket.prototype._write.call(socket, chunk, ...rest);
      });
      vi.spyOn(socket, "_writev").mockImplementation((chunks, callback) => {
        for (const { chunk } of chunks) memory.add((chunk as Buffer).buffer);
        Socket.prototype._writev?.call(socket, chunks, callback);
      });
    }
    stalled.peer.stall();
    stalled.connection.write(Buffer.alloc(LARGE, "x"));
    for (const piece of pieces("s")) stalled.connection.write(piece);
    for (let round = 1; round <= 20; round++) {
      for (const piece of pieces("o")) other.connection.write(piece);
      await until("the other bytes", () => other.peer.received.length === round * 50_000);
    }
    expect(memory.size).toBeLessThan(40);
    stalled.peer.goOn();
    await until("every byte", () => stalled.peer.received.length === LARGE + 50_000);
    expect(stalled.peer.received.slice(LARGE)).toBe("s".repeat(50_000));
    expect(other.peer.received).toBe("o".repeat(1_000_000));
  });

  test("is lent if a large view of it has to wait", async () => {
    const { connection, peer } = await loopback();
    peer.stall();
    connection.write(Buffer.alloc(LARGE, "x"));
    const memory = READ_BUFFERS.take().fill("y");
    connection.write(memory.subarray(0, 32 * 1024));
    connection.write(memory.subarray(32 * 1024));
    expect(isLent(memory.buffer)).toBe(true);
    peer.goOn();
    await until("the loan to end", () => !isLent(memory.buffer));
  });

  test("is copied if it is the shared read buffer", async () => {
    const { connection, peer } = await loopback();
    peer.stall();
    const writes = LARGE / (64 * 1024);
    for (let number = 0; number < writes; number++) {
      SHARED_BUFFER.fill("s");
      connection.write(SHARED_BUFFER);
      connection.writeBoth(Buffer.from("head"), SHARED_BUFFER.subarray(0, 20_000));
      SHARED_BUFFER.fill(0xdb);
    }
    peer.goOn();
    await until("every byte", () => peer.received.length === writes * (SHARED_BUFFER.length + 20_004));
    expect(peer.received.replaceAll("s", "")).toBe("head".repeat(writes));
    expect(isLent(SHARED_BUFFER.buffer)).toBe(false);
  });

  test.each(["destroy", "reset"] as const)("is returned after %s", async (how) => {
    const { connection, peer } = await loopback();
    const chunk = READ_BUFFERS.take();
    peer.stall();
    connection.write(Buffer.alloc(LARGE));
    connection.write(chunk);
    expect(isLent(chunk.buffer)).toBe(true);
    connection[how]();
    connection.write(chunk);
    await until("the loan to end", () => !isLent(chunk.buffer));
  });
});

describe("small pieces", () => {
  /** The lengths of the non-empty writes to the socket. */
  function writesOf(socket: Socket): number[] {
    const write = vi.spyOn(socket, "write") as unknown as Mock<(chunk: Buffer) => boolean>;
    const lengths: number[] = [];
    write.mockImplementation((...args) => {
      if (args[0].length > 0) lengths.push(args[0].length);
      return Socket.prototype.write.apply(socket, args as never);
    });
    return lengths;
  }

  test("of one turn leave in two writes, and the first of them at once", async () => {
    const { connection, peer, socket } = await loopback();
    const events = new Recorder();
    connection.handler = events;
    const writes = writesOf(socket);
    let sent = "";
    for (let number = 0; number < 1_000; number++) {
      const piece = `${number} `;
      connection.write(Buffer.from(piece));
      sent += piece;
    }
    expect([writes, connection.unsent]).toEqual([[2], sent.length - 2]);
    await until("every byte", () => peer.received.length === sent.length);
    expect([peer.received, writes, connection.unsent]).toEqual([sent, [2, sent.length - 2], 0]);
    expect(events.events).toEqual(["drain"]);
  });

  test("for a peer that does not read are kept in blocks, and arrive in order", async () => {
    const { connection, peer, socket } = await loopback();
    const events = new Recorder();
    connection.handler = events;
    peer.stall();
    connection.write(Buffer.alloc(LARGE, "x"));
    const writes = writesOf(socket);
    const count = 100_000;
    const before = connection.unsent;
    for (let number = 0; number < count; number++) connection.write(Buffer.from([number % 251]));
    expect(connection.unsent).toBe(before + count);
    expect(writes).toEqual(Array.from({ length: Math.floor(count / BLOCK_SIZE) }, () => BLOCK_SIZE));
    peer.goOn();
    await until("every byte", () => peer.received.length === LARGE + count);
    const expected = Buffer.from(Array.from({ length: count }, (_, number) => number % 251)).toString("latin1");
    expect(peer.received.slice(LARGE) === expected).toBe(true);
    await until("the drain", () => connection.unsent === 0);
    expect(events.events.length).toBeGreaterThan(0);
  });

  test("keep their place between large ones", async () => {
    const { connection, peer, socket } = await loopback();
    const writes = writesOf(socket);
    const large = (text: string): Buffer => Buffer.alloc(20_000, text);
    connection.write(large("a"));
    connection.write(Buffer.from("b"));
    connection.write(Buffer.from("c"));
    connection.write(large("d"));
    connection.write(Buffer.from("e"));
    connection.writeBoth(Buffer.from("f"), large("g"));
    await until("every byte", () => peer.received.length === 60_004);
    expect(peer.received.replaceAll(/(.)\1*/g, "$1")).toBe("abcdefg");
    expect(writes).toEqual([20_000, 2, 20_000, 2, 20_000]);
  });

  test("between large ones leave together with them in one system call, and are reported as sent", async () => {
    const { connection, peer, socket } = await loopback();
    const events = new Recorder();
    connection.handler = events;
    const calls = [vi.spyOn(socket, "_write"), vi.spyOn(socket, "_writev" as never)];
    for (const bytes of [10, 60_000, 14, 60_000, 8]) connection.write(Buffer.alloc(bytes, "x"));
    await until("every byte", () => peer.received.length === 120_032);
    // The first piece leaves at once.
    expect(calls.map(({ mock }) => mock.calls.length)).toEqual([1, 1]);
    expect([connection.unsent, events.events]).toEqual([0, ["drain"]]);
  });

  test("are sent before an end, and with a connection that is given away", async () => {
    const ended = await loopback();
    for (const piece of ["one ", "two ", "three"]) ended.connection.write(Buffer.from(piece));
    ended.connection.end();
    await until("the end", () => ended.peer.ended);
    expect(ended.peer.received).toBe("one two three");

    const given = await loopback();
    for (const piece of ["one ", "two "]) given.connection.write(Buffer.from(piece));
    (given.connection.detach(Buffer.alloc(0)) as Socket).write("three");
    await until("every byte", () => given.peer.received === "one two three");
  });

  test("are dropped by a reset", async () => {
    const { connection, peer } = await loopback();
    for (const piece of ["one ", "two "]) connection.write(Buffer.from(piece));
    connection.reset();
    expect(connection.unsent).toBe(0);
    connection.write(Buffer.from("three"));
    expect(connection.unsent).toBe(0);
    await until("the break", () => peer.broken);
  });

  test("of a later turn begin with a direct write again", async () => {
    const { connection, peer, socket } = await loopback();
    const writes = writesOf(socket);
    for (const piece of ["a", "b"]) connection.write(Buffer.from(piece));
    await until("both", () => peer.received === "ab");
    connection.write(Buffer.from("c"));
    expect(writes).toEqual([1, 1, 1]);
  });
});

test("bytes arrive in the shared buffer, and after `detach` in copies", async () => {
  const { connection, peer } = await loopback();
  const memory: ArrayBufferLike[] = [];
  let text = "";
  connection.handler = {
    onData(chunk) {
      memory.push(chunk.buffer);
      text += chunk.toString();
    },
    onEnd() {},
    onDrain() {},
    onClose() {},
  };
  peer.send("direct");
  await until("the first", () => text === "direct");
  const socket = connection.detach(Buffer.alloc(0)) as Socket;
  socket.on("data", (chunk: Buffer) => memory.push(chunk.buffer)).resume();
  peer.send("stream");
  await until("the second", () => memory.length === 2);
  const isDirect = process.env["POSTERN_DIRECT"] !== "0";
  expect(memory.map((each) => each === SHARED_BUFFER.buffer)).toEqual([isDirect, false]);
});
