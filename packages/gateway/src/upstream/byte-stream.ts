import type { Refusal } from "../http/index.js";

/**
 * A flow-controlled, half-closable stream of bytes: what the relay needs of a TCP connection, and no more.
 * A tunnel's stream and a dialled socket both are one; the relay cannot tell them apart.
 */
export interface ByteStream {
  /** Who is told of what arrives. Set it before the first byte can arrive, that is in the turn of `dial()`. */
  handler: ByteStreamHandler;

  /**
   * Sends `chunk`, whose bytes must not change afterwards. It is never refused.
   * @returns false when the caller should send no more until `onDrain`.
   */
  write(chunk: Buffer): boolean;

  /** Half-close: nothing more will be written; what was written is still delivered. */
  end(): void;

  /** Gives the stream up in both directions; queued bytes are dropped. The handler hears nothing more. Can be called twice. */
  reset(): void;

  /** Says that `bytes` of what `onData` brought have left for good, so that as much may arrive anew. */
  consumed(bytes: number): void;
}

/** What a stream tells its owner. After `onEnd` the other direction stays open; after `onReset` nothing more comes. */
export interface ByteStreamHandler {
  /** Bytes arrived; they may be kept. Every byte is given back with `consumed`. */
  onData(chunk: Buffer): void;
  /** The peer half-closed. */
  onEnd(): void;
  /** The stream broke: by the peer, the network or a limit. */
  onReset(reason: ResetReason): void;
  /** After a `write` that returned false: there is room again. */
  onDrain(): void;
}

/** Why a stream broke, and how much of what was written reached the other side's application. */
export interface ResetReason {
  /** Stable code, for instance PN_DIAL_REFUSED. */
  code: string;
  /** Bytes known to have been handed to the far end's service; -1 when unknown. 0 proves that none was. */
  delivered: number;
}

/** Anything that can be dialled for bytes: an address, a tunnel, another node. */
export interface Upstream {
  /** Why a dial is known to fail, for instance while a tunnel's client is away; undefined: it may work. */
  readonly unavailable: Refusal | undefined;
  /** Opens a stream at once; what cannot be reached breaks with `onReset` later. */
  dial(): ByteStream;
}
