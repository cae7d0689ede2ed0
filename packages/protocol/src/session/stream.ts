import type { ErrorCode } from "../errors.js";
import type { StreamReset } from "./stream-reset.js";

/**
 * One multiplexed stream of a session: PROTOCOL.md, section 5. It behaves like a TCP connection, including half-close.
 * No method throws: after the stream is closed, calls have no effect.
 */
export interface Stream {
  /** Odd for a stream that the server opened, and even for one that the client opened. */
  readonly id: number;
  /** The tunnel that OPEN named. */
  readonly tunnel: number;
  /** Set it before the call that delivered the stream returns. */
  handler: StreamHandler;
  /** Whether both directions are closed. */
  readonly over: boolean;
  /** Bytes from this side that the peer had passed to its local service when it sent FIN; 0 before that. */
  readonly peerDelivered: number;
  /** Bytes written that wait to be sent. */
  readonly unsent: number;
  /**
   * Sends or queues `chunk`. The bytes are copied before it returns.
   * @returns false when the caller should wait for `onDrain`.
   */
  write(chunk: Buffer): boolean;
  /** Half-closes: FIN follows the queued bytes. */
  end(): void;
  /** Ends both directions at once and discards queued bytes. Default code: PN_CANCELLED. */
  reset(code?: ErrorCode): void;
  /** Ends both directions after the queued bytes, and after FIN if `end` was called. Default code: PN_LOCAL_RESET. */
  resetAfterFlush(code?: ErrorCode): void;
  /** Reports that `bytes` received bytes have been processed. The peer may then send that many more. */
  consumed(bytes: number): void;
}

/** Events of a stream. `onReset` is the last one; after `onEnd` the other direction stays open. */
export interface StreamHandler {
  /**
   * Bytes arrived. They are valid only during the call: code that keeps them must copy them. Report every byte with
   * `consumed`, now or later.
   */
  onData(chunk: Buffer): void;
  onEnd(): void;
  onReset(reason: StreamReset): void;
  /** The queue has room again after `write` returned false. */
  onDrain(): void;
  /** The peer may be cut off, as the owner of the session has found (`Session.suspect`). */
  onSuspect?(): void;
}
