import type { OnReadOpts, Socket } from "node:net";
import type { ErrorCode, Stream, StreamHandler } from "@postern/protocol";
import { dialTarget, type Target } from "./local-address.js";

/** How long the local service may take to accept a connection, in milliseconds. */
export const DIAL_TIMEOUT = 10_000;

/**
 * One buffer for what all local sockets read: each read is handed on, that is copied into the session's batch, before the next begins.
 * A frame's payload fits in it whole.
 */
const READ_BUFFER = Buffer.allocUnsafeSlow(65_528);

export interface LocalConnectionEvents {
  /** The local service did not take the connection. */
  onDialFailure(code: ErrorCode, error: Error): void;
  /** The connection is closed, whatever became of the stream. */
  onDone(): void;
}

/**
 * The far end of one stream: a connection to the local service. Bytes go both ways as they are; nothing is parsed.
 * FIN becomes FIN, a reset becomes a reset, and neither side's pace outruns the other's.
 */
export class LocalConnection implements StreamHandler {
  readonly #stream: Stream;
  readonly #socket: Socket;
  readonly #events: LocalConnectionEvents;
  readonly #timer: NodeJS.Timeout;
  readonly #isTls: boolean;
  #connected = false;
  /** Bytes given to the socket and not yet reported as consumed. */
  #owed = 0;

  /** @param connected the connection, if it stands already, made with `readInto(stream)`. */
  constructor(stream: Stream, target: Target, events: LocalConnectionEvents, connected?: Socket) {
    this.#stream = stream;
    this.#events = events;
    this.#isTls = target.tls;
    stream.handler = this;
    this.#socket = connected ?? dialTarget(target, readInto(stream));
    this.#timer = setTimeout(() => this.#socket.destroy(timeout()), DIAL_TIMEOUT);
    this.#socket
      .on(target.tls ? "secureConnect" : "connect", () => this.#onConnect())
      .on("drain", () => this.#settle())
      .on("end", () => this.#onLocalEnd())
      .on("error", (error) => this.#onError(error))
      .on("close", () => this.#onClose());
    if (connected !== undefined) this.#onConnect();
  }

  onData(chunk: Buffer): void {
    this.#owed += chunk.length;
    // Behind a closed connection it waits for the stream to break, too.
    if (this.#socket.destroyed) return;
    this.#socket.write(chunk);
    if (this.#connected) this.#settle();
  }

  onEnd(): void {
    this.#socket.end();
  }

  /**
   * An abort is passed on as one: the service must not take what it has for complete. TLS has no reset; there an end without
   * close_notify says the same (RFC 8446, section 6.1).
   */
  onReset(): void {
    if (this.#connected && !this.#isTls) this.#socket.resetAndDestroy();
    else this.#socket.destroy();
  }

  onDrain(): void {
    this.#socket.resume();
  }

  #onConnect(): void {
    clearTimeout(this.#timer);
    this.#connected = true;
    this.#settle();
  }

  /** What the kernel has taken is consumed. */
  #settle(): void {
    const taken = this.#owed - this.#socket.writableLength;
    if (taken <= 0) return;
    this.#owed -= taken;
    this.#stream.consumed(taken);
  }

  #onLocalEnd(): void {
    this.#settle();
    this.#stream.end();
  }

  #onError(error: NodeJS.ErrnoException): void {
    if (this.#connected) return;
    const code = dialErrorCode(error);
    this.#stream.reset(code);
    this.#events.onDialFailure(code, error);
  }

  #onClose(): void {
    clearTimeout(this.#timer);
    // Nobody knows how much of the rest got through, so nobody may take it for undelivered.
    if (this.#connected) this.#stream.consumed(this.#owed);
    this.#owed = 0;
    this.#stream.resetAfterFlush("PN_LOCAL_RESET");
    this.#events.onDone();
  }
}

/** Hands what a socket reads to `stream`. */
export function readInto(stream: Stream): OnReadOpts {
  return {
    buffer: READ_BUFFER,
    callback: (bytes, buffer) => stream.write((buffer as Buffer).subarray(0, bytes)),
  };
}

export function timeout(): Error {
  return Object.assign(new Error("no answer"), { code: "ETIMEDOUT" });
}

export function dialErrorCode(error: NodeJS.ErrnoException): ErrorCode {
  if (error.code === "ECONNREFUSED") return "PN_DIAL_REFUSED";
  if (error.code === "ETIMEDOUT") return "PN_DIAL_TIMEOUT";
  return "PN_DIAL_FAILED";
}
