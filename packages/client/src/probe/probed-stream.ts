import type { Stream, StreamHandler } from "@postern/protocol";

/**
 * The maximum size of a probe's head, in bytes. It is less than the guaranteed window of a stream, so the sender is
 * never blocked.
 */
const MAX_HEAD = 8 * 1024;
const HEAD_END = "\r\n\r\n";

export interface ProbedStreamOptions {
  /** The response to a request that begins with `head`; undefined when it is not one of the client's probes. */
  respond(head: string): string | undefined;
  /**
   * Connects the stream to the local service. The returned handler gets the bytes that have arrived. Undefined: the
   * request is refused.
   */
  relay(): StreamHandler | undefined;
  /** Called when the stream is closed, unless it was relayed. */
  onClosed(): void;
}

/**
 * A stream that the server marked as a probe. It reads the head: a probe of this client gets its response here; any
 * other request is relayed unchanged, as on every stream, or refused.
 */
export class ProbedStream implements StreamHandler {
  readonly #stream: Stream;
  readonly #options: ProbedStreamOptions;
  #received: Buffer = Buffer.alloc(0);
  #responded = false;
  #isRefused = false;

  constructor(stream: Stream, options: ProbedStreamOptions) {
    this.#stream = stream;
    this.#options = options;
    stream.handler = this;
  }

  onData(chunk: Buffer): void {
    if (this.#isRefused) return;
    if (this.#responded) return this.#stream.consumed(chunk.length);
    this.#received = Buffer.concat([this.#received, chunk]);
    const end = this.#received.indexOf(HEAD_END);
    if (end < 0) return this.#received.length >= MAX_HEAD ? this.#relay() : undefined;
    const response = this.#options.respond(this.#received.toString("latin1", 0, end + HEAD_END.length));
    if (response === undefined) return this.#relay();
    this.#responded = true;
    this.#stream.consumed(this.#received.length);
    this.#stream.write(Buffer.from(response, "latin1"));
    this.#stream.end();
  }

  onEnd(): void {
    if (this.#isRefused) return;
    if (!this.#responded) return this.#relay(true);
    if (this.#stream.over) this.#options.onClosed();
  }

  onReset(): void {
    this.#options.onClosed();
  }

  onDrain(): void {}

  /** @param isOver whether nothing follows what has arrived */
  #relay(isOver = false): void {
    const handler = this.#options.relay();
    if (handler === undefined) return this.#refuse();
    if (this.#received.length > 0) handler.onData(this.#received);
    if (isOver) handler.onEnd();
  }

  #refuse(): void {
    this.#isRefused = true;
    this.#stream.reset("PN_UNSUPPORTED");
    this.#options.onClosed();
  }
}
