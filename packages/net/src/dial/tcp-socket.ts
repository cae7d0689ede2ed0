import { Socket } from "node:net";

type Written = (error?: Error | null) => void;

/**
 * A TCP connection whose reading outlives its writing. A service may answer and close before it has read the whole request; our next
 * write fails then, and node:net would destroy the socket with the answer in it. Here what cannot be written is dropped, and reading goes
 * on to the end, or to an error of its own.
 */
export class TcpSocket extends Socket {
  override _write(chunk: Buffer, encoding: BufferEncoding, written: Written): void {
    super._write(chunk, encoding, () => written());
  }

  override _writev(chunks: { chunk: Buffer; encoding: BufferEncoding }[], written: Written): void {
    super._writev?.(chunks, () => written());
  }
}
