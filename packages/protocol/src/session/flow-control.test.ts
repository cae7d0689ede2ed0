import { describe, expect, test } from "vitest";
import { DEFAULT_LIMITS } from "../limits.js";
import { ScriptedPeer } from "./scripted-peer.suite.js";
import { Bulk, Received, SessionPair, type Side } from "./session-pair.suite.js";
import type { MultiplexedStream } from "./multiplexed-stream.js";
import { WindowPool } from "./window-pool.js";

const KIB = 1024;
const MIB = 1024 * KIB;

/** A reader that consumes nothing until `read` is called. */
class Stalled extends Received {
  unread = 0;
  override onData(chunk: Buffer): void {
    this.bytes += chunk.length;
    this.unread += chunk.length;
  }
  read(bytes = this.unread): void {
    this.unread -= bytes;
    this.stream.consumed(bytes);
  }
}

function pong({ payload }: Record<string, unknown>): { type: "PONG"; payload: unknown } {
  return { type: "PONG", payload };
}

function ab(bytes: number): string {
  return "ab".repeat(bytes);
}

test("a stream whose reader limits the rate begins with the guaranteed window, and takes nothing from others", () => {
  const pair = new SessionPair();
  const windowOf = (isPaced: boolean): number =>
    (pair.server.session.open(1, false, isPaced) as MultiplexedStream).window.limit;
  expect(windowOf(false)).toBe(DEFAULT_LIMITS.initialWindow);
  for (let n = 0; n < 500; n++) expect(windowOf(true)).toBe(DEFAULT_LIMITS.guaranteedWindow);
  expect(windowOf(false)).toBe(DEFAULT_LIMITS.initialWindow);
});

describe("the sender", () => {
  test("sends up to the end of the window, sets BLOCKED, and stops", () => {
    const peer = new ScriptedPeer("client");
    peer.opens(1, 100);
    peer.record.streams[0]?.write(Buffer.alloc(1_000));
    peer.clock.run(10);
    expect(peer.sent("DATA").map(({ flags, data }) => [flags, (data as string).length / 2])).toEqual([[1, 100]]);
    peer.sends({ type: "WINDOW", stream: 1, limit: 50 });
    peer.sends({ type: "WINDOW", stream: 1, limit: 100 });
    expect(peer.sent("DATA")).toHaveLength(1);
    peer.sends({ type: "WINDOW", stream: 1, limit: 350 });
    peer.sends({ type: "WINDOW", stream: 1, limit: 5_000 });
    const sizes = peer.sent("DATA").map(({ flags, data }) => [flags, (data as string).length / 2]);
    expect(sizes).toEqual([[1, 100], [1, 250], [0, 650]]); // prettier-ignore
  });

  test("does not set BLOCKED when its last byte fills the window", () => {
    const peer = new ScriptedPeer("client");
    peer.opens(1, 100);
    peer.record.streams[0]?.write(Buffer.alloc(100));
    peer.clock.run(10);
    expect(peer.sent("DATA").map(({ flags }) => flags)).toEqual([0]);
  });

  test("asks its writer to pause above 16 KiB and to resume below it", () => {
    const peer = new ScriptedPeer("client");
    peer.opens(1, 0);
    const stream = peer.record.streams[0] as MultiplexedStream;
    let drains = 0;
    stream.handler = { onData() {}, onEnd() {}, onReset() {}, onDrain: () => drains++ };
    expect(stream.write(Buffer.alloc(16 * KIB))).toBe(true);
    expect(stream.write(Buffer.alloc(1))).toBe(false);
    peer.sends({ type: "WINDOW", stream: 1, limit: 1 });
    expect([drains, stream.sendSide.queue.length]).toEqual([1, 16 * KIB]);
    peer.sends({ type: "WINDOW", stream: 1, limit: 100 * KIB });
    expect([drains, stream.sendSide.queue.length]).toEqual([1, 0]);
  });

  test("copies what it cannot send, so that the writer can reuse its buffer", () => {
    const peer = new ScriptedPeer("client");
    peer.opens(1, 1);
    const buffer = Buffer.from("abcd");
    peer.record.streams[0]?.write(buffer);
    buffer.fill("x");
    peer.record.streams[0]?.write(buffer);
    peer.sends({ type: "WINDOW", stream: 1, limit: 100 });
    expect(peer.sent("DATA").map(({ data }) => Buffer.from(data as string, "hex").toString()).join("")).toBe("abcdxxxx"); // prettier-ignore
  });

  test("never exceeds the window, however large the writes are", () => {
    const peer = new ScriptedPeer("client");
    peer.opens(1, 4 * MIB);
    peer.record.streams[0]?.write(Buffer.alloc(8 * MIB));
    for (let turn = 0; turn < 200; turn++) {
      peer.sends({ type: "ACK", received: peer.session.counts.sent }, ...peer.sent("PING").map(pong));
    }
    const bytes = peer.sent("DATA").reduce((sum, { data }) => sum + (data as string).length / 2, 0);
    expect(bytes).toBe(4 * MIB);
    expect(peer.longest).toBeLessThan(MIB);
  });
});

describe("the receiver", () => {
  test("announces a new limit when half of the window has been consumed, not before", () => {
    const peer = new ScriptedPeer("client");
    peer.opens(1);
    const reader = new Stalled(peer.record.streams[0] as MultiplexedStream);
    peer.sends({ type: "DATA", stream: 1, data: ab(16 * KIB) });
    reader.read(8 * KIB - 1);
    peer.clock.run(1);
    expect(peer.sent("WINDOW")).toEqual([]);
    reader.read(1);
    peer.clock.run(1);
    expect(peer.sent("WINDOW")).toEqual([{ type: "WINDOW", stream: 1, limit: 24 * KIB }]);
  });

  test("enlarges the window of a sender that it blocks: 256 KiB, then doubling, up to half of the free memory", () => {
    const peer = new ScriptedPeer("client");
    peer.opens(1);
    const reader = new Received(peer.record.streams[0] as MultiplexedStream);
    const sizes: number[] = [];
    for (let sent = 0; sent < 40 * MIB;) {
      const { limit } = reader.stream.window;
      for (let left = limit - sent; left > 0; left -= 64_000) {
        const flags = left <= 64_000 ? 1 : 0;
        peer.sends({ type: "DATA", flags, stream: 1, data: ab(Math.min(left, 64_000)) });
      }
      sent = limit;
      const size = reader.stream.window.limit - reader.stream.window.consumed;
      if (size > (sizes.at(-1) ?? 0)) sizes.push(size);
    }
    expect(sizes).toEqual([256 * KIB, 512 * KIB, 1 * MIB, 2 * MIB, 4 * MIB, 8 * MIB]);
  });

  test("does not enlarge the window for a slow reader, nor for a sender without more data", () => {
    const peer = new ScriptedPeer("client");
    for (const id of [1, 3]) peer.opens(id);
    const [slow, quick] = [
      new Stalled(peer.record.streams[0] as MultiplexedStream),
      new Received(peer.record.streams[1] as MultiplexedStream),
    ];
    peer.sends({ type: "DATA", flags: 1, stream: 1, data: ab(16 * KIB) });
    slow.read(10 * KIB);
    peer.sends({ type: "DATA", flags: 1, stream: 1, data: ab(10 * KIB) });
    peer.sends({ type: "DATA", flags: 0, stream: 3, data: ab(16 * KIB) });
    expect(slow.stream.window.limit).toBe(26 * KIB);
    expect(quick.stream.window.limit).toBe(32 * KIB);
  });

  test("returns the memory when the stream ends, by FIN or RESET", () => {
    const endings: Record<string, (peer: ScriptedPeer, stream: MultiplexedStream) => void> = {
      FIN: (peer, stream) => {
        peer.sends({ type: "FIN", stream: stream.id, delivered: 0 });
        stream.end();
      },
      RESET: (peer, { id }) => peer.sends({ type: "RESET", stream: id, error: 40, delivered: 0 }),
      reset: (_peer, stream) => stream.reset(),
    };
    for (const [name, end] of Object.entries(endings)) {
      const peer = new ScriptedPeer("client", { sessionWindow: 600 * KIB });
      // There is memory for one such loan. A stream gets it only if the previous stream has returned it.
      for (let id = 1; id <= 9; id += 2) {
        peer.opens(id);
        const { stream } = new Received(peer.record.streams.at(-1) as MultiplexedStream);
        peer.sends({ type: "DATA", flags: 1, stream: id, data: ab(16 * KIB) });
        expect(stream.window.limit - stream.window.consumed, `${name}, stream ${id}`).toBe(256 * KIB);
        end(peer, stream);
        expect(stream.over).toBe(true);
      }
    }
  });

  test("sends no WINDOW for a stream that is closed or whose sender has ended", () => {
    const peer = new ScriptedPeer("client");
    for (const id of [1, 3]) peer.opens(id);
    const readers = peer.record.streams.map((stream) => new Stalled(stream));
    for (const id of [1, 3]) peer.sends({ type: "DATA", stream: id, data: ab(16 * KIB) });
    peer.sends({ type: "RESET", stream: 1, error: 40, delivered: 0 }, { type: "FIN", stream: 3, delivered: 0 });
    for (const reader of readers) reader.read();
    peer.clock.run(1);
    expect(peer.sent("WINDOW")).toEqual([]);
  });
});

describe("stalled readers", () => {
  const STREAMS = 200;

  /** Bytes that the peer may send and bytes that wait to be read. */
  function windows(streams: MultiplexedStream[]): number {
    return streams.reduce((sum, { window }) => sum + window.limit - window.consumed, 0);
  }

  test.each(["server", "client"] as const)(
    "200 of them do not delay other streams when the %s does not read",
    (role) => {
      const pair = new SessionPair({ delay: 1 });
      const [reader, writer]: [Side, Side] =
        role === "server" ? [pair.server, pair.client] : [pair.client, pair.server];
      const stalled: Stalled[] = [];
      const written: Bulk[] = [];
      const meet = (stream: MultiplexedStream, owner: "server" | "client"): void => {
        if (owner === role) stalled.push(new Stalled(stream));
        else written.push(new Bulk(stream));
      };
      pair.client.record.accept = (stream) => {
        if (stream.tunnel === 1) return meet(stream, "client");
        new Received(stream).onBytes = (bytes) => bytes === 200 && stream.write(Buffer.alloc(16 * KIB));
      };
      for (let opened = 0; opened < STREAMS; opened++) meet(pair.server.session.open(1) as MultiplexedStream, "server");
      pair.clock.run(2_000);

      // Every window is full to its last byte, and every writer was asked to pause.
      expect([stalled.length, written.length]).toEqual([STREAMS, STREAMS]);
      expect(stalled.every(({ stream }) => stream.window.received === stream.window.limit)).toBe(true);
      expect(written.every(({ stream }) => stream.sendSide.queue.length > 16 * KIB)).toBe(true);
      expect(windows(stalled.map(({ stream }) => stream))).toBeLessThanOrEqual(
        DEFAULT_LIMITS.sessionWindow + STREAMS * DEFAULT_LIMITS.guaranteedWindow,
      );

      const asked = new Received(pair.server.session.open(2));
      asked.stream.write(Buffer.alloc(200));
      const took = pair.clock.runUntil(() => asked.bytes === 16 * KIB, 1_000);
      // One round trip for the first half of the window, and another one for the second half.
      expect(took).toBeLessThanOrEqual(4);

      // The stalled streams continue as soon as they are read.
      const before = stalled.map(({ bytes }) => bytes);
      for (const one of stalled) one.read();
      pair.clock.run(2_000);
      expect(stalled.every(({ bytes }, index) => bytes > (before[index] as number))).toBe(true);
      expect([reader.record.closed, writer.record.closed]).toEqual([undefined, undefined]);
    },
  );

  test("windows stay within the session's cap plus 16 KiB per stream, even if every stream is blocked", () => {
    const peer = new ScriptedPeer("server");
    const streams: MultiplexedStream[] = [];
    for (let opened = 0; opened < 1_000; opened++) streams.push(new Received(peer.session.open(1)).stream);
    peer.clock.run(1);
    for (let round = 0; round < 6; round++) {
      for (const { id, window } of streams) {
        const left = Math.min(window.limit - window.received, 60_000);
        peer.sends({ type: "DATA", flags: 1, stream: id, data: ab(left) });
      }
      expect(windows(streams)).toBeLessThanOrEqual(16 * MIB + 1_000 * 16 * KIB);
    }
    expect(streams.every(({ window }) => window.limit - window.consumed >= 16 * KIB)).toBe(true);
  });
});

describe("the window pool of a session", () => {
  test("lends at most half of the free memory, all of a request or nothing", () => {
    const pool = new WindowPool(1_000);
    expect([pool.borrow(501), pool.borrow(500), pool.borrow(251), pool.borrow(250), pool.free]).toEqual([false, true, false, true, 250]); // prettier-ignore
    pool.giveBack(750);
    expect(pool.free).toBe(1_000);
  });
});
