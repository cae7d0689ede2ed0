import { Socket, type SocketConstructorOpts } from "node:net";
import { isLent, releaseReadBuffer, SHARED_BUFFER, takeReadBuffer } from "./read-buffers.js";

/** A socket reads into a buffer of its own after a read of at least this many bytes. */
const BULK = 16 * 1024;

export interface DirectOptions {
  /**
   * Whether sockets may refer to the bytes after the call, until they have sent them. Then bulk data is read into
   * buffers of the socket's own. Default false: all bytes are in the shared buffer.
   */
  mayLend?: boolean;
}

/**
 * A TCP connection that reads into memory that is reused. As a stream, it delivers copies. After `readDirectly`, a
 * callback receives the bytes in the read buffer itself.
 */
export class DirectSocket extends Socket {
  readonly #reader: Reader;

  /** @param options `onread` replaces `readDirectly`. */
  constructor(options: SocketConstructorOpts = {}) {
    const reader = new Reader();
    // A socket with a handle calls `buffer` before the constructor of its superclass returns.
    super({ onread: { buffer: () => reader.next(), callback: (bytes) => reader.onRead(bytes) }, ...options });
    reader.push = (bytes) => this.push(bytes);
    this.#reader = reader;
  }

  /**
   * Passes the bytes read from now on to `receive`, until it is called with `undefined`. They are valid only during the
   * call. If `receive` returns false, the socket stops reading until `resume`. Bytes that the stream has already
   * buffered are still emitted as `data`.
   */
  readDirectly(receive: ((chunk: Buffer) => boolean) | undefined, { mayLend = false }: DirectOptions = {}): void {
    this.#reader.receive = receive;
    this.#reader.mayLend = mayLend;
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#reader.close();
    super._destroy(error, done);
  }
}

/** The reading side of a socket. */
class Reader {
  receive: ((chunk: Buffer) => boolean) | undefined;
  push: (chunk: Buffer) => boolean = () => true;
  mayLend = false;
  #isClosed = false;
  #buffer = SHARED_BUFFER;
  #isBulk = false;

  onRead(bytes: number): boolean {
    const chunk = this.#buffer.subarray(0, bytes);
    this.#isBulk = bytes >= BULK;
    if (this.receive === undefined) return this.push(Buffer.from(chunk));
    return this.receive(chunk);
  }

  /** The buffer of the next read: one that no socket refers to. */
  next(): Buffer {
    if (!this.mayLend || !this.#isBulk || this.#isClosed) this.#release();
    else if (this.#buffer === SHARED_BUFFER) this.#buffer = takeReadBuffer();
    else if (isLent(this.#buffer.buffer)) {
      releaseReadBuffer(this.#buffer);
      this.#buffer = takeReadBuffer();
    }
    return this.#buffer;
  }

  close(): void {
    this.#isClosed = true;
    this.#release();
  }

  #release(): void {
    if (this.#buffer === SHARED_BUFFER) return;
    releaseReadBuffer(this.#buffer);
    this.#buffer = SHARED_BUFFER;
  }
}
