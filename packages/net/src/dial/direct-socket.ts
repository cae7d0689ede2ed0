import type { SocketConstructorOpts } from "node:net";
import { isLent, reuse } from "../connection/loans.js";
import { TcpSocket } from "./tcp-socket.js";

/** The largest read of libuv, in bytes. */
const READ_SIZE = 64 * 1024;

/**
 * A TCP connection that reads into one buffer again and again. As a stream it delivers copies. After `readDirectly`, a
 * callback gets the bytes instead; they are valid only during the call. Without this, every read allocates READ_SIZE
 * bytes, which the garbage collector has to free.
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

  /** Passes what is read from now on to `receive`. What the stream has buffered is still emitted as `data`. */
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
