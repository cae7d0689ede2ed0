/**
 * A flow-controlled stream of bytes that can be half-closed: the parts of a TCP connection that a relay needs. A stream
 * of a session and a dialled socket both implement it.
 *
 * A `Connection` is a second interface because its reader is paced differently. Behind a `ByteStream` there is a window
 * promised to the peer, so its reader returns every byte as credit. Behind a `Connection` there is a kernel buffer, so
 * its reader pauses it; the owner also needs the peer's address, a count of unsent bytes, and a way to hand over the
 * connection. `StreamConnection` adapts a `ByteStream` to a `Connection`.
 */
export interface ByteStream {
  /** Set it before the first byte can arrive: in the same turn of the event loop as `dial()`. */
  handler: ByteStreamHandler;

  /** Bytes written that wait to be sent. */
  readonly unsent: number;

  /**
   * Sends or queues `chunk`. Bytes in a read buffer or in `WRITE_MEMORY` are copied or on loan when this returns; other
   * memory must not change until it has been sent.
   * @returns false when the caller should send no more until `onDrain`. The bytes are queued in both cases.
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
   * Returns credit for `bytes` received by `onData`, so that the peer may send that many more. Can also be called after
   * the stream broke.
   */
  consumed(bytes: number): void;
}

/**
 * Receives a stream's events. After `onEnd` the other direction stays open; after `onReset` there are no more events.
 */
export interface ByteStreamHandler {
  /** Bytes arrived. They are valid only during the call. The handler must return every byte with `consumed`. */
  onData(chunk: Buffer): void;
  /** The peer half-closed. */
  onEnd(): void;
  /** The stream broke. */
  onReset(reason: ResetReason): void;
  /** Called after a `write` that returned false: there is room again. */
  onDrain(): void;
  /**
   * The peer may be cut off: it does not answer in time. The stream may still work later. Called about once a second
   * while this lasts.
   */
  onSuspect?(): void;
}

/**
 * Why a stream broke: `refused`, the service refused the connection; `timeout`, connecting to it timed out;
 * `untrusted`, its certificate is not trusted; `scheme`, only one of target and service uses TLS; `gone`, the session
 * or connection to it is lost or closing; `full`, the limit of streams is reached; `broken`, anything else, for
 * instance a reset by the service.
 */
export type BreakCause = "refused" | "timeout" | "untrusted" | "scheme" | "gone" | "full" | "broken";

export interface ResetReason {
  readonly cause: BreakCause;
  /** Bytes that were passed to the service; -1 when unknown. 0: it certainly received none. */
  readonly delivered: number;
}
