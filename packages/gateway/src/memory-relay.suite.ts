import type { ByteStream, ByteStreamHandler, Connection, ConnectionHandler } from "@postern/net";
import { Gateway } from "./gateway.js";
import type { UpstreamRoute } from "./route.js";
import { Pool } from "./upstream/pool.js";
import { Target } from "./upstream/target.js";
import type { Upstream } from "./upstream/upstream.js";

/** A gateway between a visitor and an origin in memory. Everything happens within the caller's turn. */
export class MemoryRelay {
  readonly visitor = new MemoryConnection();
  readonly origin = new MemoryOrigin();

  constructor() {
    serving = this.origin;
    GATEWAY.accept(this.visitor);
  }

  /** Closes both connections. */
  close(): void {
    this.visitor.destroy();
    this.visitor.pump();
  }
}

/** One gateway serves all relays, because each relay exists only within one turn of the event loop. */
const GATEWAY = new Gateway(() => serving!.route, { proto: "http" });
let serving: MemoryOrigin | undefined;

/** A connection in memory. Its buffers are overwritten after each callback. */
export class MemoryConnection implements Connection {
  handler!: ConnectionHandler;
  readonly remoteAddress = "192.0.2.1";
  readonly peerCertificate = undefined;
  unsent = 0;
  progress = 0;
  /** While false, written bytes are not sent until `drain`. */
  takes = true;
  state: "open" | "end" | "reset" = "open";
  #written = "";
  #arrived: (Buffer | "end")[] = [];
  isPaused = false;
  isDestroyed = false;
  #isClosed = false;

  /** The visitor sends `bytes`, or half-closes. */
  arrive(bytes: Buffer | "end"): void {
    this.#arrived.push(bytes);
    this.pump();
  }

  /** Delivers the bytes that have arrived, unless the connection is paused. */
  pump(): void {
    while (this.#arrived.length > 0 && !this.isPaused && !this.isDestroyed) {
      const next = this.#arrived.shift()!;
      if (next === "end") this.handler.onEnd();
      else deliver(next, (chunk) => this.handler.onData(chunk));
    }
    if (!this.isDestroyed || this.#isClosed) return;
    this.#isClosed = true;
    this.handler.onClose();
  }

  /** The bytes that the visitor received since the last call, or the first part of them. */
  take(length = this.#written.length): string {
    const taken = this.#written.slice(0, length);
    this.#written = this.#written.slice(length);
    return taken;
  }

  write(chunk: Buffer): void {
    if (this.state === "open" && !this.isDestroyed) this.#written += chunk.toString("latin1");
    if (this.takes) this.progress += chunk.length;
    else this.unsent += chunk.length;
  }

  /** The visitor reads `bytes` of the waiting bytes. */
  drain(bytes = this.unsent): void {
    this.unsent -= bytes;
    this.progress += bytes;
    if (this.unsent === 0 && bytes > 0 && !this.#isClosed) this.handler.onDrain();
  }

  writeBoth(first: Buffer, second: Buffer): void {
    this.write(first);
    this.write(second);
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  end(): void {
    if (this.state === "open") this.state = "end";
  }

  destroy(): void {
    this.isDestroyed = true;
  }

  reset(): void {
    this.state = "reset";
    this.destroy();
  }

  checkPeer(): void {}

  detach(): undefined {}
}

/**
 * Passes a copy of `bytes` on, and overwrites it after the call, so that a reader that keeps bytes without copying them
 * reads garbage.
 */
export function deliver(bytes: Buffer, pass: (chunk: Buffer) => void): void {
  const chunk = Buffer.from(bytes);
  pass(chunk);
  chunk.fill(0xdb);
}

/** An origin whose connections are streams in memory. It sends on the connection that last received something. */
class MemoryOrigin implements Upstream {
  readonly unavailable = undefined;
  readonly suspect = false;
  readonly target = new Target(this);
  readonly route: UpstreamRoute = {
    kind: "upstream",
    pool: new Pool([this.target]),
    hostHeader: undefined,
    onFinished() {},
  };
  #latest: MemoryStream | undefined;
  #got = "";

  dial(): ByteStream {
    return new MemoryStream((stream, text) => {
      this.#latest = stream;
      this.#got += text;
    });
  }

  take(): string {
    const got = this.#got;
    this.#got = "";
    return got;
  }

  /** Nothing can be sent on a broken connection. */
  send(bytes: Buffer): void {
    if (this.#latest?.state !== "reset") this.#latest?.arrive(bytes);
  }

  finish(how: "end" | "reset"): void {
    const stream = this.#latest;
    if (stream === undefined || stream.state === "reset") return;
    if (how === "end") return stream.handler.onEnd();
    stream.state = "reset";
    stream.handler.onReset({ cause: "broken", delivered: -1 });
  }

  get state(): "none" | "kept" | "open" | "end" | "reset" {
    if (this.#latest === undefined) return "none";
    const kept = this.target.idle.take(performance.now());
    if (kept !== undefined) this.target.idle.give(kept, performance.now(), -1);
    return kept === this.#latest ? "kept" : this.#latest.state;
  }
}

class MemoryStream implements ByteStream {
  handler!: ByteStreamHandler;
  readonly unsent = 0;
  state: "open" | "end" | "reset" = "open";
  #received = 0;
  #credited = 0;
  readonly #onWrite: (stream: MemoryStream, text: string) => void;

  constructor(onWrite: (stream: MemoryStream, text: string) => void) {
    this.#onWrite = onWrite;
  }

  write(chunk: Buffer): boolean {
    this.#onWrite(this, chunk.toString("latin1"));
    return true;
  }

  end(): void {
    if (this.state === "open") this.state = "end";
  }

  reset(): void {
    this.state = "reset";
  }

  resetAfterFlush(): void {
    this.reset();
  }

  arrive(bytes: Buffer): void {
    this.#received += bytes.length;
    deliver(bytes, (chunk) => this.handler.onData(chunk));
  }

  consumed(bytes: number): void {
    this.#credited += bytes;
    if (this.#credited > this.#received) throw new RangeError("more credit was returned than bytes arrived");
  }
}
