import type { OnReadOpts, Socket } from "node:net";
import type { ErrorCode, Stream, StreamHandler } from "@postern/protocol";
import type { TunnelEvents } from "../tunnel-events.js";
import { dialLocal, type LocalAddress } from "./local-address.js";

/** How long the local service may take to accept a connection, in milliseconds. */
export const DIAL_TIMEOUT = 10_000;

/**
 * One read buffer for all local sockets: each read is copied into the session's batch before the next read begins.
 * Its size is the largest payload of a frame.
 */
const READ_BUFFER = Buffer.allocUnsafeSlow(65_528);

/**
 * The local end of one stream: a connection to the local service. Bytes are relayed unchanged in both directions. FIN
 * becomes FIN, a reset becomes a reset, and each side waits for the other.
 */
export class LocalConnection implements StreamHandler {
  readonly #stream: Stream;
  readonly #socket: Socket;
  readonly #events: Pick<TunnelEvents, "onDialFailure">;
  readonly #onClosed: () => void;
  readonly #timer: NodeJS.Timeout;
  readonly #isTls: boolean;
  #connected = false;
  /** Bytes written to the socket and not yet reported as consumed. */
  #unreported = 0;

  /**
   * @param onClosed is called once, when the socket is closed.
   * @param connected a socket that is already connected, made with `readInto(stream)`.
   */
  constructor(
    stream: Stream,
    local: LocalAddress,
    events: Pick<TunnelEvents, "onDialFailure">,
    onClosed: () => void,
    connected?: Socket,
  ) {
    this.#stream = stream;
    this.#events = events;
    this.#onClosed = onClosed;
    this.#isTls = local.tls;
    stream.handler = this;
    this.#socket = connected ?? dialLocal(local, readInto(stream));
    this.#timer = setTimeout(() => this.#socket.destroy(timeoutError()), DIAL_TIMEOUT);
    this.#socket
      .on(local.tls ? "secureConnect" : "connect", () => this.#onConnect())
      .on("drain", () => this.#reportConsumed())
      .on("end", () => this.#onLocalEnd())
      .on("error", (error) => this.#onError(error))
      .on("close", () => this.#onClose());
    if (connected !== undefined) this.#onConnect();
  }

  onData(chunk: Buffer): void {
    this.#unreported += chunk.length;
    // The socket is closed, and the stream breaks once its own bytes are sent.
    if (this.#socket.destroyed) return;
    this.#socket.write(chunk);
    if (this.#connected) this.#reportConsumed();
  }

  onEnd(): void {
    this.#socket.end();
  }

  /**
   * The service must not take an aborted request for a complete one. TLS has no reset: an end without close_notify has
   * the same meaning there (RFC 8446, section 6.1).
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
    this.#reportConsumed();
  }

  /** Bytes count as consumed once the kernel has accepted them. */
  #reportConsumed(): void {
    const accepted = this.#unreported - this.#socket.writableLength;
    if (accepted <= 0) return;
    this.#unreported -= accepted;
    this.#stream.consumed(accepted);
  }

  #onLocalEnd(): void {
    this.#reportConsumed();
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
    // How much of the rest was delivered is unknown: reported as consumed, so that nothing is sent a second time.
    if (this.#connected) this.#stream.consumed(this.#unreported);
    this.#unreported = 0;
    this.#stream.resetAfterFlush("PN_LOCAL_RESET");
    this.#onClosed();
  }
}

/** Writes everything that a socket reads into `stream`. */
export function readInto(stream: Stream): OnReadOpts {
  return {
    buffer: READ_BUFFER,
    callback: (bytes, buffer) => stream.write((buffer as Buffer).subarray(0, bytes)),
  };
}

export function timeoutError(): Error {
  return Object.assign(new Error("timed out"), { code: "ETIMEDOUT" });
}

export function dialErrorCode(error: NodeJS.ErrnoException): ErrorCode {
  if (error.code === "ECONNREFUSED") return "PN_DIAL_REFUSED";
  if (error.code === "ETIMEDOUT") return "PN_DIAL_TIMEOUT";
  return "PN_DIAL_FAILED";
}
