import { Socket } from "node:net";

type Written = (error?: Error | null) => void;

/**
 * A TCP connection that can still be read after a write has failed. A service may respond and close before it has read
 * the whole request. The next write then fails, and node:net would destroy the socket with the response in it. This
 * class discards the data of failed writes and continues to read until the end or a read error.
 */
export class TcpSocket extends Socket {
  /** The stream's callback, which is the same for all of its writes, and the same one without the error. */
  #written: Written | undefined;
  #ended: Written = () => {};

  override _write(chunk: Buffer, encoding: BufferEncoding, written: Written): void {
    super._write(chunk, encoding, this.#withoutError(written));
  }

  override _writev(chunks: { chunk: Buffer; encoding: BufferEncoding }[], written: Written): void {
    super._writev?.(chunks, this.#withoutError(written));
  }

  #withoutError(written: Written): Written {
    if (written !== this.#written) {
      this.#written = written;
      this.#ended = (): void => written();
    }
    return this.#ended;
  }
}
