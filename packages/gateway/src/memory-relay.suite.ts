import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import type { ByteStream, ByteStreamHandler, Upstream } from "./upstream/byte-stream.js";
import { Gateway } from "./gateway.js";
import type { UpstreamRoute } from "./route.js";
import { StreamPool } from "./upstream/idle-streams.js";

/** The relay between a visitor and an origin that exist only in memory: everything happens at once, in the caller's turn. */
export class MemoryRelay {
  readonly visitor = new MemorySocket();
  readonly origin = new MemoryOrigin();

  constructor() {
    serving = this.origin;
    GATEWAY.accept(this.visitor as unknown as Socket);
  }

  /** Ends whatever is still open. */
  close(): void {
    this.visitor.destroy();
    this.visitor.pump();
  }
}

/** One gateway serves every relay in turn: each lives within one turn of the event loop. */
const GATEWAY = new Gateway(() => serving!.route, { proto: "http" });
let serving: MemoryOrigin | undefined;

/** What the gateway uses of a visitor's socket. The kernel behind it takes everything at once. */
class MemorySocket extends EventEmitter {
  readonly remoteAddress = "192.0.2.1";
  readonly writableLength = 0;
  readonly writableNeedDrain = false;
  bytesWritten = 0;
  state: "open" | "end" | "reset" = "open";
  #written = "";
  #arrived: (Buffer | "end")[] = [];
  #paused = false;
  #destroyed = false;
  #closed = false;

  /** The visitor sends `bytes`, or half-closes. */
  arrive(bytes: Buffer | "end"): void {
    this.#arrived.push(bytes);
    this.pump();
  }

  /** Lets what has arrived be read, as far as it is wanted. */
  pump(): void {
    while (this.#arrived.length > 0 && !this.#paused && !this.#destroyed) {
      const next = this.#arrived.shift()!;
      if (next === "end") this.emit("end");
      else this.emit("data", next);
    }
    if (!this.#destroyed || this.#closed) return;
    this.#closed = true;
    this.emit("close");
  }

  /** What the visitor got since it was last asked, or the first part of that. */
  take(length = this.#written.length): string {
    const taken = this.#written.slice(0, length);
    this.#written = this.#written.slice(length);
    return taken;
  }

  write(chunk: Buffer): boolean {
    if (this.state === "open" && !this.#destroyed) this.#written += chunk.toString("latin1");
    this.bytesWritten += chunk.length;
    return true;
  }

  cork(): void {}
  uncork(): void {}

  pause(): this {
    this.#paused = true;
    return this;
  }

  resume(): this {
    this.#paused = false;
    return this;
  }

  end(): this {
    if (this.state === "open") this.state = "end";
    return this;
  }

  destroy(): this {
    this.#destroyed = true;
    return this;
  }

  resetAndDestroy(): this {
    this.state = "reset";
    return this.destroy();
  }
}

/** An origin whose connections are streams in memory. What it says, it says on the connection that last got something. */
class MemoryOrigin implements Upstream {
  readonly unavailable = undefined;
  readonly pool = new StreamPool(this);
  readonly route: UpstreamRoute = { kind: "upstream", pool: this.pool, hostHeader: undefined, onFinished() {} };
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

  /** Where a connection is broken, nothing can be said any more. */
  send(bytes: Buffer): void {
    if (this.#latest?.state !== "reset") this.#latest?.handler.onData(bytes);
  }

  finish(how: "end" | "reset"): void {
    const stream = this.#latest;
    if (stream === undefined || stream.state === "reset") return;
    if (how === "end") return stream.handler.onEnd();
    stream.state = "reset";
    stream.handler.onReset({ code: "PN_LOCAL_RESET", delivered: -1 });
  }

  get state(): "none" | "kept" | "open" | "end" | "reset" {
    if (this.#latest === undefined) return "none";
    const kept = this.pool.take(performance.now());
    if (kept !== undefined) this.pool.give(kept, performance.now(), -1);
    return kept === this.#latest ? "kept" : this.#latest.state;
  }
}

class MemoryStream implements ByteStream {
  handler!: ByteStreamHandler;
  state: "open" | "end" | "reset" = "open";
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

  consumed(): void {}
}
