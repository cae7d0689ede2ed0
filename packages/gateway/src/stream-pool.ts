import type { ByteStream, ByteStreamHandler, Upstream } from "./byte-stream.js";

export const POOL_LIMITS = {
  /** How long an idle stream may be reused, in milliseconds: below the 5 s after which common origins close theirs. */
  idle: 4_000,
  /** How long a stream that was let go may take to close before it is reset, in milliseconds. */
  closing: 5_000,
} as const;

interface IdleStream {
  stream: ByteStream;
  /** Until when it may be reused. */
  until: number;
}

/**
 * Streams to one upstream that stand idle between two requests, like a keep-alive pool; last in, first out, so that origins that
 * serve one connection at a time are not held up by the rest. A stream that says anything unasked is dropped.
 */
export class StreamPool {
  readonly upstream: Upstream;
  readonly #idle: IdleStream[] = [];
  readonly #leaving: IdleStream[] = [];
  #closed = false;

  constructor(upstream: Upstream) {
    this.upstream = upstream;
  }

  /** An idle stream that is young enough, or none. */
  take(now: number): ByteStream | undefined {
    const last = this.#idle.pop();
    if (last === undefined || last.until > now) return last?.stream;
    this.letGo(last.stream, now);
    return undefined;
  }

  /** Keeps `stream` for the next request. `timeout` is what the origin said of its own patience, in seconds; -1: nothing. */
  give(stream: ByteStream, now: number, timeout: number): void {
    if (this.#closed) return this.#drop(stream);
    const idle = timeout < 0 ? POOL_LIMITS.idle : Math.min(POOL_LIMITS.idle, timeout * 1000 - 1000);
    // An upstream that takes no more requests has no use for idle streams: it waits for them to close.
    if (idle <= 0 || this.upstream.unavailable !== undefined) return this.letGo(stream, now);
    stream.handler = new IdleHandler(stream, this.#idle);
    this.#idle.push({ stream, until: now + idle });
  }

  /** Lets go of what is too old. To be called about once a second. */
  sweep(now: number): void {
    while (this.#leaving.length > 0 && (this.#leaving[0] as IdleStream).until <= now)
      this.#leaving.shift()?.stream.reset();
    const kept = this.#idle.filter(({ stream, until }) => {
      if (until > now) return true;
      this.letGo(stream, now);
      return false;
    });
    if (kept.length < this.#idle.length) this.#idle.splice(0, this.#idle.length, ...kept);
  }

  /** Lets go of all. */
  clear(now: number): void {
    for (const { stream } of this.#idle.splice(0)) this.letGo(stream, now);
  }

  /** There is no next request: idle streams end at once, and those that are given later, too. */
  close(): void {
    this.#closed = true;
    for (const { stream } of [...this.#idle.splice(0), ...this.#leaving.splice(0)]) this.#drop(stream);
  }

  #drop(stream: ByteStream): void {
    stream.handler = new IdleHandler(stream, []);
    stream.reset();
  }

  /** Closes as a polite HTTP client does: half-close, and reset only who does not answer with the same. */
  letGo(stream: ByteStream, now: number): void {
    stream.handler = new IdleHandler(stream, []);
    stream.end();
    this.#leaving.push({ stream, until: now + POOL_LIMITS.closing });
  }
}

/** Listens to a stream that nobody uses: whatever comes from it, it is not reused. */
class IdleHandler implements ByteStreamHandler {
  readonly #stream: ByteStream;
  readonly #idle: IdleStream[];

  constructor(stream: ByteStream, idle: IdleStream[]) {
    this.#stream = stream;
    this.#idle = idle;
  }

  onData(): void {
    this.#drop();
    this.#stream.reset();
  }

  onEnd(): void {
    this.#drop();
    this.#stream.end();
  }

  onReset(): void {
    this.#drop();
  }

  onDrain(): void {}

  #drop(): void {
    const at = this.#idle.findIndex(({ stream }) => stream === this.#stream);
    if (at >= 0) this.#idle.splice(at, 1);
  }
}
