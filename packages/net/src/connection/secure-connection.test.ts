import { Socket } from "node:net";
import { until } from "@postern/testkit";
import { describe, expect, test, vi } from "vitest";
import { secured, tcpPair } from "../socket/socket-pairs.suite.js";
import { WRITE_MEMORY } from "../socket/write-memory.js";
import { describeConnection, Recorder, type ConnectionUnderTest } from "./connection.suite.js";
import { SocketConnection } from "./socket-connection.js";
import { SocketPeer } from "./socket-peer.suite.js";

async function loopback(): Promise<ConnectionUnderTest & { socket: Socket }> {
  const tcp = await tcpPair();
  const { near: socket, far } = await secured(tcp);
  return { connection: new SocketConnection(socket), peer: new SocketPeer(far, tcp.far), socket };
}

describe("a connection on a TLS socket", () => {
  // A reset of TLS is an end without close_notify.
  describeConnection(loopback, { resets: false });

  test("reports that a small write has been sent, without another write", async () => {
    const { connection, peer, socket } = await loopback();
    const writes: number[] = [];
    vi.spyOn(socket, "write").mockImplementation((chunk, ...rest) => {
      writes.push((chunk as Buffer).length);
      return Socket.prototype.write.apply(socket, [chunk, ...rest] as Parameters<Socket["write"]>);
    });
    const events = new Recorder();
    connection.handler = events;
    connection.write(Buffer.from("small"));
    expect(connection.unsent).toBe(5);
    await until("the drain", () => events.events.includes("drain"));
    expect([connection.unsent, writes]).toEqual([0, [5]]);
    await until("the bytes", () => peer.received === "small");
  });

  test("does not borrow the memory of short messages, which the next one needs", async () => {
    const { connection, peer } = await loopback();
    const memories = new Set<ArrayBufferLike>();
    for (let n = 0; n < 40; n++) {
      const message = WRITE_MEMORY.take(3);
      memories.add(message.buffer);
      message.write(`${n + 10};`);
      if (n % 2 === 0) connection.write(message);
      else connection.writeBoth(message, Buffer.from("-"));
      message.fill("x");
    }
    expect(memories.size).toBe(1);
    const expected = Array.from({ length: 40 }, (_, n) => `${n + 10};${n % 2 === 0 ? "" : "-"}`).join("");
    await until("the bytes", () => peer.received === expected);
  });

  test("does not overwrite the bytes that its handler is reading, whatever it writes", async () => {
    const { connection, peer } = await loopback();
    const heard: string[] = [];
    connection.handler = {
      onData(chunk) {
        connection.write(Buffer.alloc(0));
        heard.push(chunk.toString());
      },
      onEnd() {},
      onDrain() {},
      onClose() {},
    };
    for (const text of ["one", "two", "three"]) peer.send(text);
    await until("the bytes", () => heard.join("") === "onetwothree");
  });
});
