import { Socket } from "node:net";
import { giveBack, lend, release } from "../socket/buffer-pool.js";
import { SHARED_BUFFER } from "../socket/read-buffers.js";
import { READ_END, type ReadTask } from "../socket/read-end.js";
import { readSocket, type ReadOptions, type SocketReader } from "../socket/socket-reader.js";
import { WRITE_MEMORY } from "../socket/write-memory.js";
import { isTls } from "../tls/is-tls.js";
import { peerCertificate, type PeerCertificate } from "../tls/peer-certificate.js";
import { Block } from "./block.js";
import type { Connection, ConnectionHandler } from "./connection.js";
import { TURN_END, type TurnTask } from "./turn-end.js";

const NOTHING = Buffer.alloc(0);
/** Pieces of fewer bytes are joined if they cannot leave at once, because every write has a fixed cost. */
const SMALL = 4 * 1024;
/**
 * A view of less than this share of its buffer is copied if it cannot leave at once, because many such views would keep
 * many times their size in memory.
 */
const SMALL_SHARE = 1 / 3;
/**
 * After the socket had to wait for its peer, this many bytes of small views are copied: a slow peer soon lets it wait
 * again, as soon as the kernel's buffer is full (4 MB by default), and the wait can last for seconds.
 */
const COPIED_AFTER_WAIT = 4 * 1024 * 1024;
/** Large pieces are written before the read ends when they have at least this many bytes together. */
const MOST_TOGETHER = 256 * 1024;
const NOBODY: ConnectionHandler = { onData() {}, onEnd() {}, onDrain() {}, onClose() {} };

/**
 * A connection on a TCP or TLS socket. The socket must allow half-close (`allowHalfOpen`), and its `highWaterMark`
 * should be small, so that `onDrain` follows soon after the kernel has taken everything.
 *
 * After bytes have arrived, the first small piece is written at once. Small pieces after it are joined until the turn
 * of the event loop ends or the socket has drained, so that a peer that produces thousands of them causes one write,
 * and memory by bytes. Most responses are one small piece and wait for nothing. Without TLS, a large piece waits until
 * the read ends, and is written together with the others of this read.
 */
export class SocketConnection implements Connection, TurnTask, ReadTask {
  handler: ConnectionHandler = NOBODY;
  readonly #socket: Socket;
  readonly #reader: SocketReader;
  readonly #isTls: boolean;
  /** Buffers that the socket refers to; undefined while there are none. */
  #lent: ArrayBufferLike[] | undefined;
  /** Joined pieces that have not been written to the socket; created with the first of them. */
  #joined: Block | undefined;
  /** Whether a small piece was written directly since bytes last arrived or small pieces were last joined. */
  #hasWritten = false;
  #awaitsTurnEnd = false;
  /** How many bytes of small views are still copied because of the last wait. */
  #copies = 0;
  /** Whether the socket holds pieces back until the read ends, or the current operation outside a read. */
  #isCorked = false;

  constructor(socket: Socket, options?: ReadOptions) {
    this.#socket = socket;
    this.#isTls = isTls(socket);
    this.#reader = readSocket(socket, (chunk) => this.#receive(chunk), options);
    if (!this.#isTls) socket.on("drain", this.#onDrain);
    socket.on("end", this.#onEnd).on("error", onError).on("close", this.#onClose);
  }

  get remoteAddress(): string | undefined {
    return this.#socket.remoteAddress;
  }

  get peerCertificate(): PeerCertificate | undefined {
    return isTls(this.#socket) ? peerCertificate(this.#socket) : undefined;
  }

  get unsent(): number {
    return this.#socket.writableLength + (this.#joined?.length ?? 0);
  }

  get progress(): number {
    return this.#socket.bytesWritten - this.#socket.writableLength;
  }

  write(chunk: Buffer): void {
    // An empty write makes node:tls decrypt, and overwrite the bytes that the handler is reading.
    if (chunk.length === 0) return;
    if (this.#hasToJoin(chunk)) this.#join(chunk);
    else this.#send(this.#lendable(chunk));
  }

  writeBoth(first: Buffer, second: Buffer): void {
    if (!this.#hasToJoin(first) && (this.#isCorked || !this.#isSmallView(second)))
      return this.#send(this.#lendable(first), this.#lendable(second));
    this.#join(first);
    this.write(second);
  }

  pause(): void {
    this.#reader.pause();
  }

  resume(): void {
    this.#reader.resume();
  }

  end(): void {
    const socket = this.#socket;
    // A second call would change nothing, but node:net creates an error for it, with a stack trace.
    if (socket.writableEnded) return;
    this.#writeHeld();
    socket.end();
    // No `drain` is emitted after an end.
    if (socket.writableLength > 0 && !this.#isTls) socket.once("finish", this.#onDrain);
  }

  /**
   * TLS has no reset. If the socket cannot reset the TCP connection below it, an end without close_notify has the same
   * meaning (RFC 8446, section 6.1). A Unix socket, which has no address, has no reset either.
   */
  reset(): void {
    this.#joined?.clear();
    const socket = this.#socket;
    const cannot = isTls(socket) && socket.resetAndDestroy === Socket.prototype.resetAndDestroy;
    if (cannot || socket.remoteFamily === undefined) socket.destroy();
    else socket.resetAndDestroy();
  }

  destroy(): void {
    this.#joined?.clear();
    this.#socket.destroy();
  }

  /**
   * A paused socket does not report that its peer is gone. A write then fails, even an empty one. After an end, every
   * write fails.
   */
  checkPeer(): void {
    const socket = this.#socket;
    if (this.#reader.isPaused && socket.writableLength === 0 && !socket.writableEnded) socket.write(NOTHING);
  }

  detach(unread: Buffer): Socket {
    const socket = this.#socket;
    this.handler = NOBODY;
    this.#writeHeld();
    this.#reader.stop();
    socket.off("end", this.#onEnd).off("error", onError);
    // Otherwise these listeners remain until the loans are returned.
    if (this.#lent === undefined) socket.off("drain", this.#onDrain).off("close", this.#onClose);
    if (unread.length > 0) socket.unshift(ownCopy(unread));
    return socket;
  }

  #receive(chunk: Buffer): void {
    this.#hasWritten = false;
    this.handler.onData(chunk);
  }

  readonly #onDrain = (): void => {
    if (this.#socket.writableLength === 0) {
      this.#giveBack();
      this.#writeJoined();
    }
    this.handler.onDrain();
  };

  readonly #onWritten = (error?: Error | null): void => {
    if (!error && this.#socket.writableLength === 0) this.#onDrain();
  };

  readonly #onEnd = (): void => this.handler.onEnd();

  readonly #onClose = (): void => {
    this.#joined?.clear();
    this.#giveBack();
    this.handler.onClose();
  };

  /** Writes what was joined in this turn. If earlier bytes are still waiting, this happens on `drain` instead. */
  onTurnEnd(): void {
    this.#awaitsTurnEnd = this.#hasWritten = false;
    const socket = this.#socket;
    if (socket.destroyed || socket.writableLength > 0 || this.#joined?.length === 0) return;
    this.#writeJoined();
    if (socket.writableLength === 0) this.handler.onDrain();
  }

  /** Whether to add `chunk` to the joined pieces instead of writing it. */
  #hasToJoin(chunk: Buffer): boolean {
    if (chunk.length >= SMALL) return !this.#isCorked && this.#isSmallView(chunk);
    if (this.#hasWritten || this.unsent > 0) return true;
    this.#hasWritten = true;
    return false;
  }

  /** Whether the socket would perhaps keep much more memory than the length of `chunk`. */
  #isSmallView(chunk: Buffer): boolean {
    const mayWait = this.#socket.writableLength > 0 || this.#copies > 0;
    return mayWait && chunk.length < chunk.buffer.byteLength * SMALL_SHARE;
  }

  #join(chunk: Buffer): void {
    const socket = this.#socket;
    // A destroyed socket drops data and does not count it as unsent.
    if (socket.destroyed) return;
    this.#copies -= chunk.length;
    const joined = (this.#joined ??= new Block());
    for (let at = 0; at < chunk.length;) {
      at += joined.add(chunk, at);
      if (joined.isFull) this.#writeJoined();
    }
    if (joined.length === 0 || socket.writableLength > 0 || this.#awaitsTurnEnd) return;
    this.#awaitsTurnEnd = true;
    TURN_END.add(this);
  }

  /** Writes everything that is held back to be written together. */
  #writeHeld(): void {
    this.#uncork();
    this.#writeJoined();
  }

  #writeJoined(): void {
    if (this.#joined === undefined || this.#joined.length === 0) return;
    this.#sendJoined(this.#joined);
    this.#watch();
  }

  /** The memory of the joined pieces is used again once they are sent. */
  #sendJoined(block: Block): void {
    const joined = block.take();
    this.#write(joined);
    if (this.#socket.writableLength > 0) this.#lend(joined);
    release(joined.buffer);
  }

  /** Writes everything in one system call. */
  #send(first: Buffer, second?: Buffer): void {
    const socket = this.#socket;
    const joined = this.#joined?.length === 0 ? undefined : this.#joined;
    // TLS would copy the pieces into one, and sends a record for each 16 KB in any case.
    if (second !== undefined || joined !== undefined || (first.length >= SMALL && !this.#isTls)) this.#cork();
    if (joined !== undefined) this.#sendJoined(joined);
    if (second === undefined) this.#write(first);
    else {
      socket.write(first);
      this.#write(second);
    }
    if (socket.writableLength === 0) return;
    this.#lend(first);
    if (second !== undefined) this.#lend(second);
    if (!this.#isCorked) this.#watch();
    else if (socket.writableLength >= MOST_TOGETHER) this.#uncork();
  }

  /**
   * A read that contains the end of one frame and the beginning of another is passed on in several pieces. They are
   * written together, before the next bytes are read.
   */
  #cork(): void {
    if (this.#isCorked || this.#socket.destroyed || this.#socket.writableLength > 0) return;
    this.#isCorked = true;
    this.#socket.cork();
    READ_END.add(this);
  }

  #uncork(): void {
    if (!this.#isCorked) return;
    this.#isCorked = false;
    if (!this.#socket.destroyed) this.#writeJoined();
    this.#socket.uncork();
    this.#watch();
  }

  /**
   * `chunk`, or a copy if its memory may not be lent. TLS reports every write as sent in a later turn only: it would
   * borrow the memory of short messages for each of them.
   */
  #lendable(chunk: Buffer): Buffer {
    const mustCopy = chunk.buffer === SHARED_BUFFER.buffer || (this.#isTls && WRITE_MEMORY.holds(chunk));
    return mustCopy ? Buffer.from(chunk) : chunk;
  }

  /** TLS reports every write as sent in a later turn only, so a callback costs less than an empty write after it. */
  #write(chunk: Buffer): void {
    if (this.#isTls) this.#socket.write(chunk, this.#onWritten);
    else this.#socket.write(chunk);
  }

  /** The read that led to large pieces is complete. */
  onReadEnd(): void {
    this.#uncork();
    const { destroyed, writableLength, writableNeedDrain } = this.#socket;
    // Otherwise the socket itself emits `drain`.
    if (!destroyed && writableLength === 0 && !writableNeedDrain) this.#onDrain();
  }

  /** Ensures that `drain` is emitted: node:net emits it only after more than `highWaterMark` bytes were waiting. */
  #watch(): void {
    const { writableLength, writableNeedDrain } = this.#socket;
    if (writableLength === 0 || this.#isTls) return;
    this.#copies = COPIED_AFTER_WAIT;
    if (!writableNeedDrain) this.#socket.write(NOTHING, this.#onDrain);
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

/** A copy that shares no memory with other buffers. */
function ownCopy(chunk: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(chunk.length);
  chunk.copy(copy);
  return copy;
}
