import type { ByteStream, ByteStreamHandler, ResetReason } from "./byte-stream.js";
import type { Connection, ConnectionHandler } from "./connection.js";

export interface RelayOptions {
  /**
   * Bytes of the stream that were passed to the connection before, and for which the stream has not received credit.
   * Default 0.
   */
  uncredited?: number;
  /**
   * How a stream is reset when its connection has closed: at once with `drop`; with `flush`, after everything queued
   * and its end are sent. `flush` also counts every byte as consumed, because it is unknown which of them arrived.
   */
  onClose: "drop" | "flush";
  /** Called when the stream accepts more of the connection's bytes after it was blocked. */
  onUnblocked?(): void;
  /** Called when bytes have been passed to the connection that wait until its peer reads. */
  onUnsent?(): void;
  /** Called when both the connection and the stream are closed. */
  onDone(): void;
}

/**
 * Passes bytes between a connection and a stream, unchanged in both directions, until both are closed. An end is passed
 * on as an end, and a reset as a reset. The connection is paused while the stream is blocked, and the stream receives
 * credit for bytes that the connection has sent.
 */
export function relay(connection: Connection, stream: ByteStream, options: RelayOptions): Relay {
  return new Relay(connection, stream, options);
}

/** The running relay: the connection's handler. */
export class Relay implements ConnectionHandler {
  /** Bytes passed from the connection to the stream. */
  fromConnection = 0;
  /** Bytes passed from the stream to the connection. */
  fromStream = 0;
  /** Whether the stream accepts no more of the connection's bytes for now. */
  isBlocked = false;
  /** Whether the stream was reset by its peer, or lost. */
  isStreamReset = false;
  readonly #connection: Connection;
  readonly #stream: ByteStream;
  readonly #options: RelayOptions;
  #uncredited: number;
  #isClosed = false;

  constructor(connection: Connection, stream: ByteStream, options: RelayOptions) {
    this.#connection = connection;
    this.#stream = stream;
    this.#options = options;
    this.#uncredited = options.uncredited ?? 0;
    connection.handler = this;
    stream.handler = new StreamEvents(this);
    this.#credit();
  }

  onData(chunk: Buffer): void {
    this.fromConnection += chunk.length;
    if (this.#stream.write(chunk)) return;
    this.isBlocked = true;
    this.#connection.pause();
  }

  onEnd(): void {
    this.#credit();
    this.#stream.end();
  }

  onDrain(): void {
    this.#credit();
  }

  onClose(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const rest = this.#uncredited;
    this.#uncredited = 0;
    if (this.#options.onClose === "flush") {
      this.#stream.consumed(rest);
      this.#stream.resetAfterFlush();
    } else {
      // The reset reports how much arrived. Credit returned before it would report too much.
      this.#stream.reset();
      this.#stream.consumed(rest);
    }
    this.#options.onDone();
  }

  onStreamData(chunk: Buffer): void {
    this.#uncredited += chunk.length;
    // After the connection is closed, nothing is credited: these bytes did not arrive, and a later reset reports the
    // credit.
    if (this.#isClosed) return;
    this.fromStream += chunk.length;
    this.#connection.write(chunk);
    this.#credit();
  }

  onStreamEnd(): void {
    if (!this.#isClosed) this.#connection.end();
  }

  /** The connection is reset so that the peer does not mistake the received bytes for a complete message. */
  onStreamReset(): void {
    this.isStreamReset = true;
    if (!this.#isClosed) this.#connection.reset();
  }

  onStreamDrain(): void {
    this.isBlocked = false;
    this.#options.onUnblocked?.();
    if (!this.#isClosed) this.#connection.resume();
  }

  #credit(): void {
    const { unsent } = this.#connection;
    if (unsent > 0) this.#options.onUnsent?.();
    const taken = this.#uncredited - Math.min(this.#uncredited, unsent);
    if (taken === 0) return;
    this.#uncredited -= taken;
    this.#stream.consumed(taken);
  }
}

/** The stream's handler. It is a separate object because both handlers have methods of the same names. */
class StreamEvents implements ByteStreamHandler {
  readonly #relay: Relay;

  constructor(relay: Relay) {
    this.#relay = relay;
  }

  onData(chunk: Buffer): void {
    this.#relay.onStreamData(chunk);
  }

  onEnd(): void {
    this.#relay.onStreamEnd();
  }

  onReset(_reason: ResetReason): void {
    this.#relay.onStreamReset();
  }

  onDrain(): void {
    this.#relay.onStreamDrain();
  }
}
