/**
 * A flow-controlled stream of bytes that can be half-closed: what a relay needs of a TCP connection. A stream of a
 * session and a dialled socket both are one.
 *
 * A `Connection` is a second interface because it paces its reader the other way. Behind a `ByteStream` there is a
 * window promised to the peer, so its reader returns every byte as credit. Behind a `Connection` there is a kernel
 * buffer, so its reader pauses it; the owner also needs the peer's address, a count of unsent bytes, and a way to give
 * the connection away. `StreamConnection` turns the first into the second.
 */
export interface ByteStream {
  /** Set it before the first byte can arrive, that is in the turn of `dial()`. */
  handler: ByteStreamHandler;

  /** Bytes written that wait to be sent. */
  readonly unsent: number;

  /**
   * Sends or queues `chunk`. Its bytes belong to the caller again when this returns.
   * @returns false when the caller should send no more until `onDrain`. The bytes are queued all the same.
   */
  write(chunk: Buffer): boolean;

  /** Half-closes: nothing more is written; queued bytes are still delivered. */
  end(): void;

  /** Aborts both directions; queued bytes are dropped. The handler is not called again. Can be called twice. */
  reset(): void;

  /**
   * Aborts both directions after the queued bytes, and their end if `end` was called, are sent. Can be called twice.
   */
  resetAfterFlush(): void;

  /**
   * Returns credit for `bytes` of what `onData` brought, so that as much may arrive again. Also valid after the stream
   * broke.
   */
  consumed(bytes: number): void;
}

/**
 * Receives a stream's events. After `onEnd` the other direction stays open; after `onReset` there are no more events.
 */
export interface ByteStreamHandler {
  /** Bytes arrived. They are valid only during the call. Every byte is to be returned with `consumed`. */
  onData(chunk: Buffer): void;
  /** The peer half-closed. */
  onEnd(): void;
  /** The stream broke. */
  onReset(reason: ResetReason): void;
  /** After a `write` that returned false: there is room again. */
  onDrain(): void;
}

/**
 * Why a stream broke: `refused`, the far service took no connection; `timeout`, it did not answer the dial; `gone`, the
 * way to it is lost or closing; `full`, no more streams fit; `broken`, anything else, for instance a reset by the
 * service.
 */
export type BreakCause = "refused" | "timeout" | "gone" | "full" | "broken";

export interface ResetReason {
  readonly cause: BreakCause;
  /** Bytes that were handed to the far service; -1 when unknown. 0 proves that it received none. */
  readonly delivered: number;
}
