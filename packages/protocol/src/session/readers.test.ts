import { describe, expect, test } from "vitest";
import { DEFAULT_LIMITS } from "../limits.js";
import { ScriptedPeer } from "./scripted-peer.suite.js";
import { Bulk, Received, SessionPair } from "./session-pair.suite.js";
import { megabits } from "./simulated-link.suite.js";
import type { MultiplexedStream as Stream } from "./multiplexed-stream.js";

/** A reader that consumes later than it receives. */
class Later extends Received {
  readonly chunks: Buffer[] = [];
  readonly #give: (bytes: number) => void;

  constructor(stream: Stream, give: (bytes: number) => void = () => {}) {
    super(stream);
    this.#give = give;
  }
  override onData(chunk: Buffer): void {
    this.bytes += chunk.length;
    this.chunks.push(chunk);
    this.#give(chunk.length);
  }
}

/**
 * The share of a 200 Mbit/s path with 100 ms that a download uses if its reader consumes after `pause` milliseconds.
 */
function shareOfPath(pause: number): number {
  const rate = megabits(200);
  const pair = new SessionPair({ rate, delay: 50 });
  const { clock, server, client, link } = pair;
  pair.tick();
  client.record.accept = (stream) => void new Bulk(stream);
  for (const { session } of [server, client]) session.ping();
  clock.run(200);
  const stream = server.session.open(1) as Stream;
  new Later(stream, (bytes) => clock.at(clock.now() + pause, () => stream.consumed(bytes)));
  clock.run(3_000);
  const before = link.client.bytesSent;
  clock.run(2_000);
  return (link.client.bytesSent - before) / (rate * 2_000);
}

/** Opens a stream with a prompt reader, so that its window is enlarged if the cap allows it. */
function borrow(peer: ScriptedPeer): { stream: Stream; borrowed: boolean } {
  const id = peer.record.streams.length * 2 + 1;
  peer.opens(id);
  const stream = peer.record.streams.at(-1) as Stream;
  new Later(stream);
  peer.sends({ type: "DATA", stream: id, flags: 1, data: "ab" });
  stream.consumed(1);
  return { stream, borrowed: stream.window.limit > DEFAULT_LIMITS.guaranteedWindow };
}

describe("a reader", () => {
  test("that consumes a little after onData gets a window as large as the path needs", () => {
    expect(shareOfPath(2)).toBeGreaterThan(0.8);
  });

  test("that is slower than the path gets no larger window", () => {
    const peer = new ScriptedPeer("client");
    peer.opens(1);
    const reader = new Later(peer.record.streams[0] as Stream);
    peer.sends({ type: "DATA", stream: 1, flags: 1, data: "ab".repeat(DEFAULT_LIMITS.guaranteedWindow) });
    peer.clock.run(1_000);
    reader.stream.consumed(DEFAULT_LIMITS.guaranteedWindow);
    peer.clock.run(10);
    expect(peer.sent("WINDOW", 1).at(-1)?.["limit"]).toBe(2 * DEFAULT_LIMITS.guaranteedWindow);
  });

  test("that keeps a view without copying it finds the bytes overwritten", () => {
    const peer = new ScriptedPeer("client");
    peer.opens(1);
    const reader = new Later(peer.record.streams[0] as Stream);
    peer.sends({ type: "DATA", stream: 1, data: "ab".repeat(100) });
    expect(reader.chunks.map((chunk) => chunk.toString("hex"))).toEqual(["db".repeat(100)]);
  });

  test("that has not read to the end keeps its memory until it has, or until it resets", () => {
    const peer = new ScriptedPeer("client", { sessionWindow: 1024 * 1024 });
    const over = [borrow(peer), borrow(peer)].map(({ stream }) => {
      peer.sends({ type: "DATA", stream: stream.id, data: "ab".repeat(20_000) });
      stream.end();
      peer.sends({ type: "FIN", stream: stream.id, delivered: 0 });
      expect(stream.over).toBe(true);
      return stream;
    });
    // A loan takes 240 KiB, and at most half of the free memory: 1,024, 784, 544, 304.
    expect([borrow(peer).borrowed, borrow(peer).borrowed]).toEqual([true, false]);
    over[0]?.consumed(20_000);
    expect(borrow(peer).borrowed).toBe(true);
    expect(borrow(peer).borrowed).toBe(false);
    over[1]?.reset();
    expect(borrow(peer).borrowed).toBe(true);
  });
});
