import { Socket } from "node:net";

type Written = (error?: Error | null) => void;

/**
 * A TCP connection that can still be read after a write has failed. A service may respond and close before it has read
 * the whole request. The next write fails then, and node:net would destroy the socket with the response in it. Here the
 * data of failed writes is discarded, and reading goes on until the end or a read error.
 */
export class TcpSocket extends Socket {
  override _write(chunk: Buffer, encoding: BufferEncoding, written: Written): void {
    super._write(chunk, encoding, () => written());
  }

  override _writev(chunks: { chunk: Buffer; encoding: BufferEncoding }[], written: Written): void {
    super._writev?.(chunks, () => written());
  }
}
