import type { Socket } from "node:net";
import type { PeerCertificate } from "../tls/peer-certificate.js";

/**
 * What a peer's bytes arrive on: a socket, a stream of a session, a pair in memory. Reading is paced by `pause` and
 * `resume`, writing by `unsent` and `onDrain`. See `ByteStream` for the other interface, and why there are two.
 */
export interface Connection {
  handler: ConnectionHandler;

  /** The peer's IP address; undefined when unknown. */
  readonly remoteAddress: string | undefined;

  /** The certificate that the peer showed in its TLS handshake; undefined without TLS or without one. */
  readonly peerCertificate: PeerCertificate | undefined;

  /** Bytes written that have not left. While there are any, `onDrain` follows. */
  readonly unsent: number;

  /**
   * A number that grows whenever a write has left. While it stays the same and `unsent` is above 0, the peer takes
   * nothing.
   */
  readonly progress: number;

  /** Sends `chunk`. Its bytes belong to the caller again when this returns. */
  write(chunk: Buffer): void;

  /** Sends two pieces in one system call, under the same rule. */
  writeBoth(first: Buffer, second: Buffer): void;

  /** Stops `onData` until `resume`. */
  pause(): void;

  /** Lets `onData` come again, in a later turn. */
  resume(): void;

  /** Half-closes: nothing more is written; unsent bytes are still delivered. */
  end(): void;

  /** Closes so that the peer sees a break and cannot take what it got for complete. `onClose` follows. */
  reset(): void;

  /** Closes at once. `onClose` follows. */
  destroy(): void;

  /**
   * Finds out whether the peer is still there while reading is paused; if not, `onClose` follows. Call it about once a
   * second.
   */
  checkPeer(): void;

  /**
   * Gives up the connection: the handler is not called again.
   * @param unread bytes that `onData` brought and that the new owner reads first
   * @returns the socket, paused; undefined when there is none, and then the connection stays as it is.
   */
  detach(unread: Buffer): Socket | undefined;
}

export interface ConnectionHandler {
  /** Bytes arrived. They are valid only during the call. */
  onData(chunk: Buffer): void;
  /** The peer half-closed. */
  onEnd(): void;
  /** Everything written has left. */
  onDrain(): void;
  /** The connection is closed in both directions, for whatever reason. There are no more events. */
  onClose(): void;
}
