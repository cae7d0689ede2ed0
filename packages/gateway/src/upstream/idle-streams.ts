import { Linked, LinkedList, type ByteStream, type ByteStreamHandler } from "@postern/net";
import type { Upstream } from "./upstream.js";

export const IDLE_LIMITS = {
  /** How long an idle stream may be reused, in milliseconds. Common origins close idle connections after 5 s. */
  idle: 4_000,
  /** How long a retired stream may take to close before it is reset, in milliseconds. */
  closing: 5_000,
} as const;

/** The most entries that are kept for streams that become idle. */
const MOST_SPARE = 512;

/**
 * Streams to one upstream that are idle between two requests. The most recently used stream is reused first, because
 * some origins serve one connection at a time and other connections would have to wait. A stream that receives data
 * without a request is dropped.
 */
export class IdleStreams {
  readonly #upstream: Upstream;
  readonly #idle: UnusedStream[] = [];
  /** Entries of streams that requests use now, for the next streams that become idle. */
  readonly #spare: UnusedStream[] = [];
  /** Retired streams that have not closed yet. Undefined while there are none. */
  #closing: LinkedList<UnusedStream> | undefined;
  #closed = false;

  constructor(upstream: Upstream) {
    this.#upstream = upstream;
  }

  /** Streams that no request uses: idle ones, and retired ones that have not closed yet. */
  get count(): number {
    return this.#idle.length + (this.#closing?.size ?? 0);
  }

  /** Returns an idle stream that has not expired; undefined if there is none. */
  take(now: number): ByteStream | undefined {
    const last = this.#idle.pop();
    if (last === undefined) return undefined;
    const { stream } = last;
    if (last.expiresAt > now) {
      if (this.#spare.length < MOST_SPARE) this.#spare.push(last);
      return stream;
    }
    this.retire(stream, now);
    return undefined;
  }

  /**
   * Keeps `stream` for the next request. `timeout` is the origin's own idle timeout in seconds; -1 when unknown, 0 when
   * the origin serves no other request on it.
   */
  give(stream: ByteStream, now: number, timeout: number): void {
    if (this.#closed) return this.#drop(stream);
    const idle = timeout < 0 ? IDLE_LIMITS.idle : Math.min(IDLE_LIMITS.idle, timeout * 1000 - 1000);
    // An upstream that accepts no more requests may be waiting for its streams to close.
    if (idle <= 0 || this.#upstream.unavailable !== undefined) return this.retire(stream, now);
    if (this.#idle.length >= (this.#upstream.mostIdle ?? Infinity)) this.#retireOldest(now);
    const unused = this.#spare.pop() ?? new UnusedStream(stream, this, 0);
    unused.stream = stream;
    unused.expiresAt = now + idle;
    this.#idle.push(unused);
    stream.handler = unused;
  }

  /** The stream has sent or ended something, so it is not reused. */
  forget(unused: UnusedStream): void {
    const at = this.#idle.indexOf(unused);
    if (at >= 0) this.#idle.splice(at, 1);
    this.#closing?.remove(unused);
  }

  /**
   * Retires the stream that has been idle longest, before a new one is opened. Each request that may not use an idle
   * stream adds another one, and without this they would soon reach the session's limit.
   */
  makeRoom(now: number): void {
    this.#retireOldest(now);
    // If there is still no room for a stream, the closing ones are reset to make room.
    if (this.#upstream.unavailable !== undefined) this.#resetClosing(Infinity);
  }

  /** Retires streams that are too old. Call it about once a second. */
  sweep(now: number): void {
    this.#resetClosing(now);
    // They refer to streams that may have been closed since.
    this.#spare.length = 0;
    const kept = this.#idle.filter(({ stream, expiresAt }) => {
      if (expiresAt > now) return true;
      this.retire(stream, now);
      return false;
    });
    if (kept.length < this.#idle.length) this.#idle.splice(0, this.#idle.length, ...kept);
  }

  /** Retires all streams. */
  clear(now: number): void {
    for (const { stream } of this.#idle.splice(0)) this.retire(stream, now);
  }

  /** Resets all streams, and every stream given later, because there will be no other request. */
  close(): void {
    this.#closed = true;
    this.#resetClosing(Infinity);
    for (const { stream } of this.#idle.splice(0)) this.#drop(stream);
  }

  /** Closes the stream as an HTTP client should: half-closes first, and resets only if the origin does not close. */
  retire(stream: ByteStream, now: number): void {
    const retired = new UnusedStream(stream, this, now + IDLE_LIMITS.closing);
    stream.handler = retired;
    (this.#closing ??= new LinkedList()).add(retired);
    stream.end();
  }

  #retireOldest(now: number): void {
    const oldest = this.#idle.shift();
    if (oldest !== undefined) this.retire(oldest.stream, now);
  }

  #drop(stream: ByteStream): void {
    stream.handler = new UnusedStream(stream, this, -Infinity);
    stream.reset();
  }

  #resetClosing(now: number): void {
    const closing = this.#closing;
    if (closing === undefined) return;
    for (const retired of closing) {
      if (retired.expiresAt > now) return;
      closing.remove(retired);
      retired.stream.reset();
    }
    if (closing.size === 0) this.#closing = undefined;
  }
}

/** Handles a stream that no request uses. After any event, the stream is not reused. */
class UnusedStream extends Linked<UnusedStream> implements ByteStreamHandler {
  stream: ByteStream;
  /** When it may no longer be reused; after it has been retired, when it is reset. In milliseconds. */
  expiresAt: number;
  readonly #owner: IdleStreams;

  constructor(stream: ByteStream, owner: IdleStreams, expiresAt: number) {
    super();
    this.stream = stream;
    this.expiresAt = expiresAt;
    this.#owner = owner;
  }

  onData(chunk: Buffer): void {
    this.#owner.forget(this);
    this.stream.reset();
    this.stream.consumed(chunk.length);
  }

  onEnd(): void {
    this.#owner.forget(this);
    this.stream.end();
  }

  onReset(): void {
    this.#owner.forget(this);
  }

  onDrain(): void {}
}
