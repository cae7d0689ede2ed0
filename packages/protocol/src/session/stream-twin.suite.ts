import { expect } from "vitest";
import type { SessionPair } from "./session-pair.suite.js";
import type { MultiplexedStream } from "./multiplexed-stream.js";
import type { StreamReset } from "./stream-reset.js";
import type { Stream, StreamHandler } from "./stream.js";

/**
 * An end writes at most this many times from inside its handler: two ends that echo each other would write forever, and
 * on a fast link tens of thousands of times until the test stops them.
 */
const MAX_REACTIONS = 100;

/** How one end of a stream acts inside its handler. */
export interface Behaviour {
  /** Consumes bytes at once; otherwise the test does it. */
  eager: boolean;
  /** Writes received bytes back. */
  echo: boolean;
  /** Half-closes when the other side does. */
  endOnEnd: boolean;
  /** Resets in `onData` after this many bytes. */
  resetAfter: number;
  /** Writes this many bytes in `onDrain`. */
  refill: number;
}

/** One direction of a stream as PROTOCOL.md specifies it: a queue of bytes that its writer may end. */
class ByteQueue {
  #bytes: Buffer[] = [];
  length = 0;
  ended = false;

  push(bytes: Buffer): void {
    this.#bytes.push(bytes);
    this.length += bytes.length;
  }

  take(bytes: number): Buffer {
    const taken: Buffer[] = [];
    this.length -= bytes;
    while (bytes > 0) {
      const first = this.#bytes[0] as Buffer;
      taken.push(first.subarray(0, bytes));
      if (first.length > bytes) this.#bytes[0] = first.subarray(bytes);
      else this.#bytes.shift();
      bytes -= Math.min(bytes, first.length);
    }
    return Buffer.concat(taken);
  }
}

/** One end of a stream. Checks that it receives exactly the bytes in the queue of the other end. */
export class TwinEnd implements StreamHandler {
  readonly stream: MultiplexedStream;
  readonly behaviour: Behaviour;
  /** Bytes written here that have not arrived at the other end. */
  readonly out = new ByteQueue();
  peer: TwinEnd | undefined;
  consumed = 0;
  ended = false;
  /** The reset that ended the stream; no events may follow. */
  reset: StreamReset | "by us" | undefined;
  /** `write` returned false, and `onDrain` has not been called since. */
  paused = false;
  #reactions = 0;
  readonly #next: (bytes: number) => Buffer;

  constructor(stream: Stream, behaviour: Behaviour, next: (bytes: number) => Buffer) {
    this.stream = stream as MultiplexedStream;
    this.behaviour = behaviour;
    this.#next = next;
    stream.handler = this;
  }

  get unread(): number {
    return this.stream.window.received - this.consumed;
  }

  write(bytes: number): void {
    const chunk = this.#next(bytes);
    this.writeChunk(chunk);
    // The stream has copied the bytes, so the writer may overwrite them.
    chunk.fill(0);
  }

  writeChunk(chunk: Buffer): void {
    if (this.out.ended || this.reset !== undefined) return void this.stream.write(chunk);
    this.out.push(Buffer.from(chunk));
    this.paused = !this.stream.write(chunk);
  }

  end(): void {
    this.out.ended = true;
    this.stream.end();
  }

  abort(): void {
    if (!this.stream.over) this.reset = "by us";
    this.stream.reset();
  }

  consume(bytes: number): void {
    if (bytes === 0) return;
    this.consumed += bytes;
    this.stream.consumed(bytes);
  }

  onData(chunk: Buffer): void {
    expect(this.reset, "data after a reset").toBeUndefined();
    expect(this.ended, "data after FIN").toBe(false);
    const { out } = this.peer as TwinEnd;
    expect(chunk.length).toBeGreaterThan(0);
    expect(chunk.length).toBeLessThanOrEqual(out.length);
    expect(chunk.equals(out.take(chunk.length)), "the bytes written").toBe(true);
    if (this.stream.window.received >= this.behaviour.resetAfter) return this.abort();
    if (this.behaviour.echo && this.#mayReact()) this.writeChunk(chunk);
    if (this.behaviour.eager) this.consume(this.unread);
  }

  onEnd(): void {
    expect(this.reset).toBeUndefined();
    expect(this.ended, "onEnd twice").toBe(false);
    const { out, consumed } = this.peer as TwinEnd;
    expect([out.ended, out.length], "FIN without end(), or before its data").toEqual([true, 0]);
    expect(this.stream.peerDelivered).toBeLessThanOrEqual(consumed);
    this.ended = true;
    if (this.behaviour.endOnEnd) this.end();
  }

  onReset(reason: StreamReset): void {
    expect(this.reset, "onReset twice").toBeUndefined();
    expect(reason.delivered).toBeLessThanOrEqual(this.peer?.consumed ?? 0);
    this.reset = reason;
  }

  onDrain(): void {
    expect(this.reset).toBeUndefined();
    expect(this.paused, "onDrain without a paused writer").toBe(true);
    this.paused = false;
    if (this.behaviour.refill > 0 && this.#mayReact()) this.write(this.behaviour.refill);
  }

  #mayReact(): boolean {
    return ++this.#reactions <= MAX_REACTIONS;
  }
}

/** All streams between two sessions, each end with its model. */
export class StreamTwins {
  readonly pair: SessionPair;
  readonly opened: TwinEnd[] = [];
  readonly accepted: TwinEnd[] = [];
  #counter = 0;

  constructor(pair: SessionPair, behaviour: () => Behaviour) {
    this.pair = pair;
    pair.client.record.accept = (stream) => {
      const end = new TwinEnd(stream, behaviour(), this.#next);
      const opener = this.opened.find((one) => one.stream.id === stream.id);
      end.peer = opener;
      if (opener !== undefined) opener.peer = end;
      this.accepted.push(end);
    };
  }

  open(behaviour: Behaviour): TwinEnd | undefined {
    if (!this.pair.server.session.available) return undefined;
    const end = new TwinEnd(this.pair.server.session.open(1), behaviour, this.#next);
    this.opened.push(end);
    return end;
  }

  get ends(): TwinEnd[] {
    return [...this.opened, ...this.accepted];
  }

  /** Checks the invariants. */
  check(): void {
    const { limits } = this.pair.server.session;
    for (const side of [this.opened, this.accepted]) {
      let windows = 0;
      for (const { stream } of side) {
        expect(stream.sendSide.sent, "bytes sent").toBeLessThanOrEqual(stream.sendSide.limit);
        expect(stream.window.received, "bytes received").toBeLessThanOrEqual(stream.window.limit);
        if (!stream.over) windows += stream.window.limit - stream.window.consumed;
      }
      expect(windows).toBeLessThanOrEqual(limits.sessionWindow + side.length * limits.guaranteedWindow);
    }
    for (const end of [this.pair.link.server, this.pair.link.client]) {
      expect(end.buffered, "bytes that wait for the socket").toBeLessThan(512 * 1024);
    }
  }

  /** Bytes without short repetitions, so that bytes in the wrong place are noticed. */
  readonly #next = (bytes: number): Buffer => {
    const chunk = Buffer.allocUnsafe(bytes);
    for (let at = 0; at < bytes; at++) chunk[at] = (this.#counter = (this.#counter * 31 + 17) & 0xffff) >> 3;
    return chunk;
  };
}
