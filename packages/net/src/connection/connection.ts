import type { Socket } from "node:net";
import type { PeerCertificate } from "../tls/peer-certificate.js";

/**
 * A connection to a peer: on a socket, on a stream of a session, or in memory. Reading is paced by `pause` and
 * `resume`, writing by `unsent` and `onDrain`. `ByteStream` explains why there are two interfaces.
 */
export interface Connection {
  handler: ConnectionHandler;

  /** The peer's IP address; undefined when unknown. */
  readonly remoteAddress: string | undefined;

  /** The certificate that the peer presented in its TLS handshake; undefined without TLS or without a certificate. */
  readonly peerCertificate: PeerCertificate | undefined;

  /** Bytes written that have not been sent. While there are any, `onDrain` follows. */
  readonly unsent: number;

  /**
   * A number that grows whenever a write has been sent. While it stays the same and `unsent` is above 0, the peer reads
   * nothing.
   */
  readonly progress: number;

  /**
   * Sends `chunk`. Bytes in a read buffer or in `WRITE_MEMORY` are copied or on loan when this returns; other memory
   * must not change until it has been sent.
   */
  write(chunk: Buffer): void;

  /** Sends two pieces in one system call. The caller may reuse their bytes when this returns. */
  writeBoth(first: Buffer, second: Buffer): void;

  /** Stops `onData` until `resume`. */
  pause(): void;

  /** Resumes `onData`, in a later turn of the event loop. */
  resume(): void;

  /** Half-closes: nothing more is written; unsent bytes are still delivered. */
  end(): void;

  /**
   * Closes so that the peer sees a break and cannot mistake the received bytes for a complete message. `onClose`
   * follows.
   */
  reset(): void;

  /** Closes at once. `onClose` follows. */
  destroy(): void;

  /**
   * Detects whether the peer is still connected while reading is paused; if not, `onClose` follows. Call it about once
   * a second.
   */
  checkPeer(): void;

  /**
   * Hands over the socket: the handler is not called again.
   * @param unread bytes that `onData` received, and that the new owner reads first
   * @returns the socket, paused; undefined when there is none, and then the connection is unchanged.
   */
  detach(unread: Buffer): Socket | undefined;
}

export interface ConnectionHandler {
  /** Bytes arrived. They are valid only during the call. */
  onData(chunk: Buffer): void;
  /** The peer half-closed. */
  onEnd(): void;
  /** Everything written has been sent. */
  onDrain(): void;
  /** The connection is closed in both directions. There are no more events. */
  onClose(): void;
}
