import { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { peerCertificate, type PeerCertificate } from "../tls/peer-certificate.js";
import type { Connection, ConnectionHandler } from "./connection.js";
import { giveBack, lend } from "./loans.js";

const NOTHING = Buffer.alloc(0);
/**
 * A view of less than this share of its buffer is copied before it is queued, because many such views would keep many
 * times their size in memory.
 */
const SMALL_SHARE = 1 / 4;
const NOBODY: ConnectionHandler = { onData() {}, onEnd() {}, onDrain() {}, onClose() {} };

/**
 * A connection on a TCP or TLS socket. The socket must allow half-close (`allowHalfOpen`), and its `highWaterMark`
 * should be small, so that `onDrain` follows soon after the kernel has taken everything.
 */
export class SocketConnection implements Connection {
  handler: ConnectionHandler = NOBODY;
  readonly #socket: Socket;
  /** Buffers that the socket refers to; undefined while there are none. */
  #lent: ArrayBufferLike[] | undefined;
  /** Whether `receive` is running, and whether the handler has paused the connection during this call. */
  #isReceiving = false;
  #isStopped = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket
      .on("data", this.#onData)
      .on("drain", this.#onDrain)
      .on("end", this.#onEnd)
      .on("error", onError)
      .on("close", this.#onClose);
  }

  get remoteAddress(): string | undefined {
    return this.#socket.remoteAddress;
  }

  get peerCertificate(): PeerCertificate | undefined {
    return this.#socket instanceof TLSSocket ? peerCertificate(this.#socket) : undefined;
  }

  get unsent(): number {
    return this.#socket.writableLength;
  }

  get progress(): number {
    return this.#socket.bytesWritten - this.#socket.writableLength;
  }

  write(chunk: Buffer): void {
    const socket = this.#socket;
    if (socket.writableLength > 0 && isSmallView(chunk)) socket.write(copyOf(chunk));
    else {
      socket.write(chunk);
      if (socket.writableLength > 0) this.#lend(chunk);
    }
    this.#watch();
  }

  writeBoth(first: Buffer, second: Buffer): void {
    const socket = this.#socket;
    const copies = socket.writableLength > 0 && isSmallView(second);
    socket.cork();
    socket.write(first);
    socket.write(copies ? copyOf(second) : second);
    socket.uncork();
    if (socket.writableLength > 0) {
      this.#lend(first);
      if (!copies) this.#lend(second);
    }
    this.#watch();
  }

  pause(): void {
    if (this.#isReceiving) this.#isStopped = true;
    else this.#socket.pause();
  }

  resume(): void {
    this.#isStopped = false;
    this.#socket.resume();
  }

  end(): void {
    this.#socket.end();
  }

  /**
   * TLS has no reset. If the socket cannot reset the TCP connection below it, an end without close_notify has the same
   * meaning (RFC 8446, section 6.1).
   */
  reset(): void {
    const socket = this.#socket;
    const cannot = socket instanceof TLSSocket && socket.resetAndDestroy === Socket.prototype.resetAndDestroy;
    if (cannot) socket.destroy();
    else socket.resetAndDestroy();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** A paused socket does not report that its peer is gone. A write then fails, even an empty one. */
  checkPeer(): void {
    const socket = this.#socket;
    if (socket.isPaused() && socket.writableLength === 0) socket.write(NOTHING);
  }

  detach(unread: Buffer): Socket {
    const socket = this.#socket;
    this.handler = NOBODY;
    socket.pause();
    socket.off("data", this.#onData).off("end", this.#onEnd).off("error", onError);
    // Otherwise these listeners remain until the loans are returned.
    if (this.#lent === undefined) socket.off("drain", this.#onDrain).off("close", this.#onClose);
    if (unread.length > 0) socket.unshift(copyOf(unread));
    return socket;
  }

  /**
   * For a socket with `onread`, which emits no `data`: call it with the bytes read.
   * @returns whether the socket should continue to read. Pausing the whole stream would cost more.
   */
  receive(chunk: Buffer): boolean {
    this.#isReceiving = true;
    this.#isStopped = false;
    try {
      this.handler.onData(chunk);
    } finally {
      this.#isReceiving = false;
    }
    return !this.#isStopped;
  }

  readonly #onData = (chunk: Buffer): void => this.handler.onData(chunk);

  readonly #onDrain = (): void => {
    if (this.#socket.writableLength === 0) this.#giveBack();
    this.handler.onDrain();
  };

  readonly #onEnd = (): void => this.handler.onEnd();

  readonly #onClose = (): void => {
    this.#giveBack();
    this.handler.onClose();
  };

  /** Ensures that `drain` is emitted: node:net emits it only after more than `highWaterMark` bytes were waiting. */
  #watch(): void {
    const { writableLength, writableNeedDrain } = this.#socket;
    if (writableLength > 0 && !writableNeedDrain) this.#socket.write(NOTHING, this.#onDrain);
  }

  #lend({ buffer }: Buffer): void {
    // A destroyed socket no longer refers to any buffer, and may have emitted `close` already.
    if (this.#socket.destroyed) return;
    if (this.#lent?.at(-1) === buffer || !lend(buffer)) return;
    this.#lent ??= [];
    this.#lent.push(buffer);
  }

  #giveBack(): void {
    const lent = this.#lent;
    if (lent === undefined) return;
    this.#lent = undefined;
    for (const buffer of lent) giveBack(buffer);
  }
}

/** `close` follows, and the handler needs only that. */
function onError(): void {}

function isSmallView(chunk: Buffer): boolean {
  return chunk.length < chunk.buffer.byteLength * SMALL_SHARE;
}

/** A copy that shares no memory with other buffers. */
function copyOf(chunk: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(chunk.length);
  chunk.copy(copy);
  return copy;
}
