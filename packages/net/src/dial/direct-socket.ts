import type { SocketConstructorOpts } from "node:net";
import { isLent, reuse } from "../connection/loans.js";
import { TcpSocket } from "./tcp-socket.js";

/** The largest read of libuv, in bytes. */
const READ_SIZE = 64 * 1024;

/**
 * A TCP connection that reuses its read buffer. A plain socket allocates READ_SIZE bytes for every read, which the
 * garbage collector has to free. As a stream, it delivers copies. After `readDirectly`, a callback receives the bytes
 * in the buffer itself; they are valid only during the call.
 */
export class DirectSocket extends TcpSocket {
  #buffer = allocate();
  #receive: ((chunk: Buffer) => void) | undefined;

  constructor(options: SocketConstructorOpts = {}) {
    super({
      ...options,
      onread: {
        buffer: () => this.#next(),
        callback: (bytes, buffer) => this.#onRead((buffer as Buffer).subarray(0, bytes)),
      },
    });
  }

  /**
   * Passes the bytes read from now on to `receive`. Bytes that the stream has already buffered are still emitted as
   * `data`.
   */
  readDirectly(receive: (chunk: Buffer) => void): void {
    this.#receive = receive;
  }

  #onRead(chunk: Buffer): boolean {
    if (this.#receive === undefined) return this.push(Buffer.from(chunk));
    this.#receive(chunk);
    return true;
  }

  /** A buffer that no socket refers to. */
  #next(): Buffer {
    if (isLent(this.#buffer.buffer)) this.#buffer = allocate();
    return this.#buffer;
  }
}

function allocate(): Buffer {
  const buffer = Buffer.allocUnsafeSlow(READ_SIZE);
  reuse(buffer.buffer);
  return buffer;
}
