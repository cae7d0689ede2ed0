import type { Socket } from "node:net";
import type { ByteStream, ByteStreamHandler } from "./byte-stream.js";
import type { Connection, ConnectionHandler } from "./connection.js";
import { HeldBytes } from "./held-bytes.js";

const NOBODY: ConnectionHandler = { onData() {}, onEnd() {}, onDrain() {}, onClose() {} };

/**
 * A connection on any `ByteStream`. While it is paused, it returns no credit and holds the bytes that arrive: at most
 * the stream's window.
 */
export class StreamConnection implements Connection, ByteStreamHandler {
  handler: ConnectionHandler = NOBODY;
  readonly remoteAddress: string | undefined;
  /** The peer's certificate belongs to the session that carries the stream, not to the stream. */
  readonly peerCertificate = undefined;
  readonly #stream: ByteStream;
  readonly #onClosed: (() => void) | undefined;
  #written = 0;
  #isBlocked = false;
  #isPaused = false;
  readonly #held = new HeldBytes();
  #heldEnd = false;
  #isDelivering = false;
  #ended = false;
  #peerEnded = false;
  #isClosed = false;

  /**
   * @param remoteAddress the peer's IP address, if known
   * @param onClosed called once, after the handler's `onClose`
   */
  constructor(stream: ByteStream, remoteAddress?: string, onClosed?: () => void) {
    this.#stream = stream;
    this.remoteAddress = remoteAddress;
    this.#onClosed = onClosed;
    stream.handler = this;
  }

  /** 0 while the stream accepts more, even if some bytes wait, because no `onDrain` follows then. */
  get unsent(): number {
    return this.#isBlocked ? this.#stream.unsent : 0;
  }

  get progress(): number {
    return this.#written - this.#stream.unsent;
  }

  write(chunk: Buffer): void {
    this.#written += chunk.length;
    if (!this.#stream.write(chunk)) this.#isBlocked = true;
  }

  writeBoth(first: Buffer, second: Buffer): void {
    this.write(first);
    this.write(second);
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    if (this.#held.length > 0 || this.#heldEnd) this.#deliverLater();
  }

  end(): void {
    this.#ended = true;
    this.#stream.end();
    this.#closeIfEnded();
  }

  reset(): void {
    this.destroy();
  }

  destroy(): void {
    if (this.#isClosed) return;
    this.#stream.reset();
    this.#closeLater();
  }

  /** The session detects a lost peer. */
  checkPeer(): void {}

  detach(): Socket | undefined {
    return undefined;
  }

  // ---- events from the stream

  onData(chunk: Buffer): void {
    if (this.#isClosed) return;
    if (this.#isPaused || this.#held.length > 0) this.#held.add(chunk);
    else this.#deliver(chunk);
  }

  onEnd(): void {
    if (this.#isClosed) return;
    if (this.#isPaused || this.#held.length > 0) this.#heldEnd = true;
    else this.#deliverEnd();
  }

  onReset(): void {
    this.#closeLater();
  }

  onDrain(): void {
    this.#isBlocked = false;
    if (!this.#isClosed) this.handler.onDrain();
  }

  #deliver(chunk: Buffer): void {
    this.handler.onData(chunk);
    // The bytes of the call in which the handler paused are credited too: the handler has received them.
    this.#stream.consumed(chunk.length);
  }

  #deliverEnd(): void {
    this.#peerEnded = true;
    this.handler.onEnd();
    this.#closeIfEnded();
  }

  #deliverLater(): void {
    if (this.#isDelivering) return;
    this.#isDelivering = true;
    queueMicrotask(() => {
      this.#isDelivering = false;
      while (!this.#isPaused && !this.#isClosed && this.#held.length > 0) this.#deliver(this.#held.shift() as Buffer);
      if (this.#isPaused || this.#isClosed || !this.#heldEnd) return;
      this.#heldEnd = false;
      this.#deliverEnd();
    });
  }

  #closeIfEnded(): void {
    if (this.#ended && this.#peerEnded) this.#closeLater();
  }

  /** Closes after the caller's turn of the event loop, as a socket does. */
  #closeLater(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const held = this.#held.length;
    this.#held.clear();
    if (held > 0) this.#stream.consumed(held);
    queueMicrotask(() => {
      this.handler.onClose();
      this.#onClosed?.();
    });
  }
}
