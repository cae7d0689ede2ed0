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
  /** Those that were let go and have not closed yet, and until when they may take to. */
  readonly #leaving = new Map<ByteStream, number>();
  #closed = false;

  constructor(upstream: Upstream) {
    this.upstream = upstream;
  }

  /** Streams that nobody uses: idle ones, and those that are on their way out. */
  get resting(): number {
    return this.#idle.length + this.#leaving.size;
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
    const kept = { stream, until: now + idle };
    this.#idle.push(kept);
    stream.handler = new IdleHandler(stream, () => {
      const at = this.#idle.indexOf(kept);
      if (at >= 0) this.#idle.splice(at, 1);
    });
  }

  /**
   * A new stream is about to be opened, which takes the place of the one idle longest: requests that may use no idle stream leave one
   * each, and would soon have filled the session with them.
   */
  makeRoom(now: number): void {
    const oldest = this.#idle.shift();
    if (oldest !== undefined) this.letGo(oldest.stream, now);
    // Where there is no place left, a slow goodbye is a luxury.
    if (this.upstream.unavailable !== undefined) this.#resetLeaving(Infinity);
  }

  /** Lets go of what is too old. To be called about once a second. */
  sweep(now: number): void {
    this.#resetLeaving(now);
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
    for (const stream of [...this.#idle.splice(0).map((idle) => idle.stream), ...this.#leaving.keys()])
      this.#drop(stream);
  }

  #drop(stream: ByteStream): void {
    this.#leaving.delete(stream);
    stream.handler = new IdleHandler(stream, () => {});
    stream.reset();
  }

  /** Closes as a polite HTTP client does: half-close, and reset only who does not answer with the same. */
  letGo(stream: ByteStream, now: number): void {
    stream.handler = new IdleHandler(stream, () => this.#leaving.delete(stream));
    this.#leaving.set(stream, now + POOL_LIMITS.closing);
    stream.end();
  }

  #resetLeaving(now: number): void {
    for (const [stream, until] of this.#leaving) {
      if (until > now) return;
      this.#leaving.delete(stream);
      stream.reset();
    }
  }
}

/** Listens to a stream that nobody uses: whatever comes from it, it is not reused. */
class IdleHandler implements ByteStreamHandler {
  readonly #stream: ByteStream;
  readonly #drop: () => void;

  /** @param drop makes the pool forget it */
  constructor(stream: ByteStream, drop: () => void) {
    this.#stream = stream;
    this.#drop = drop;
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
}
