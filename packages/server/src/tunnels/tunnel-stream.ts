import type { BreakCause, ByteStream, ByteStreamHandler } from "@postern/net";
import type { ErrorCode, Stream, StreamHandler, StreamReset } from "@postern/protocol";

const NOBODY: ByteStreamHandler = { onData() {}, onEnd() {}, onReset() {}, onDrain() {} };

/** A stream of a session as the gateway knows streams: the codes of the wire become causes. */
export class TunnelStream implements ByteStream, StreamHandler {
  handler: ByteStreamHandler = NOBODY;
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
    this.#stream.reset();
  }

  resetAfterFlush(): void {
    this.#stream.resetAfterFlush("PN_CANCELLED");
  }

  consumed(bytes: number): void {
    this.#stream.consumed(bytes);
  }

  // ---- events of the session's stream

  onData(chunk: Buffer): void {
    this.handler.onData(chunk);
  }

  onEnd(): void {
    this.handler.onEnd();
  }

  onReset({ code, delivered }: StreamReset): void {
    this.handler.onReset({ cause: causeOf(code), delivered });
  }

  onDrain(): void {
    this.handler.onDrain();
  }
}

function causeOf(code: ErrorCode): BreakCause {
  switch (code) {
    case "PN_DIAL_REFUSED":
    case "PN_DIAL_FAILED":
      return "refused";
    case "PN_DIAL_TIMEOUT":
      return "timeout";
    case "PN_SESSION_LOST":
    case "PN_DRAINING":
    case "PN_TUNNEL_UNBOUND":
      return "gone";
    case "PN_STREAM_LIMIT":
      return "full";
    default:
      return "broken";
  }
}
