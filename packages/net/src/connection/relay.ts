import type { ByteStream, ByteStreamHandler, ResetReason } from "./byte-stream.js";
import type { Connection, ConnectionHandler } from "./connection.js";

export interface RelayOptions {
  /**
   * Bytes of the stream that the connection was given before, and for which the stream has had no credit. Default 0.
   */
  uncredited?: number;
  /**
   * What happens to bytes of a connection that closed: with `drop` the stream is reset at once, with `flush` after
   * everything queued, and its end, are sent. `flush` also counts every byte as consumed, since nobody knows which of
   * them arrived.
   */
  onClose: "drop" | "flush";
  /** The connection is closed, and so is the stream. */
  onDone(): void;
}

/**
 * Passes bytes between a connection and a stream, both ways and unchanged, until both are over. An end becomes an end,
 * a reset becomes a reset, and neither side's pace outruns the other's: the connection is paused while the stream is
 * blocked, and the stream gets credit for what has left on the connection.
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
  /** Whether the stream takes no more of the connection's bytes for now. */
  isBlocked = false;
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
      // The reset says how much arrived: credit that comes before it would say too much.
      this.#stream.reset();
      this.#stream.consumed(rest);
    }
    this.#options.onDone();
  }

  onStreamData(chunk: Buffer): void {
    this.#uncredited += chunk.length;
    // Behind a closed connection nothing is credited: the stream has yet to break.
    if (this.#isClosed) return;
    this.fromStream += chunk.length;
    this.#connection.write(chunk);
    this.#credit();
  }

  onStreamEnd(): void {
    if (!this.#isClosed) this.#connection.end();
  }

  /** The peer must not take what it has for complete. */
  onStreamReset(): void {
    if (!this.#isClosed) this.#connection.reset();
  }

  onStreamDrain(): void {
    this.isBlocked = false;
    if (!this.#isClosed) this.#connection.resume();
  }

  #credit(): void {
    const taken = this.#uncredited - Math.min(this.#uncredited, this.#connection.unsent);
    if (taken === 0) return;
    this.#uncredited -= taken;
    this.#stream.consumed(taken);
  }
}

/** The stream's handler. An object of its own, since both handlers have methods of the same names. */
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
