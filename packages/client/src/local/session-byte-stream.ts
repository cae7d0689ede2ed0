import type { ByteStream, ByteStreamHandler } from "@postern/net";
import type { Stream, StreamHandler, StreamReset } from "@postern/protocol";

const NO_HANDLER: ByteStreamHandler = { onData() {}, onEnd() {}, onReset() {}, onDrain() {} };

/** A stream of a session, in the form that `relay` takes. It is reset with PN_LOCAL_RESET. */
export class SessionByteStream implements ByteStream, StreamHandler {
  handler = NO_HANDLER;
  readonly #stream: Stream;

  constructor(stream: Stream) {
    this.#stream = stream;
    stream.handler = this;
  }

  get unsent(): number {
    return this.#stream.unsent;
  }

  write(chunk: Buffer): boolean {
    return this.#stream.write(chunk);
  }

  end(): void {
    this.#stream.end();
  }

  reset(): void {
    this.#stream.reset("PN_LOCAL_RESET");
  }

  resetAfterFlush(): void {
    this.#stream.resetAfterFlush("PN_LOCAL_RESET");
  }

  consumed(bytes: number): void {
    this.#stream.consumed(bytes);
  }

  onData(chunk: Buffer): void {
    this.handler.onData(chunk);
  }

  onEnd(): void {
    this.handler.onEnd();
  }

  onReset({ delivered }: StreamReset): void {
    this.handler.onReset({ cause: "broken", delivered });
  }

  onDrain(): void {
    this.handler.onDrain();
  }
}
