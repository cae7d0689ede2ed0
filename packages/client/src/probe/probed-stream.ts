import type { Stream, StreamHandler } from "@postern/protocol";

/** A probe's field comes within so many bytes: fewer than a stream's guaranteed window, so that its sender never waits for us. */
const MOST = 8 * 1024;
const HEAD_END = "\r\n\r\n";

export interface ProbedStreamEvents {
  /** The answer to the request that begins with `head`, if it is one of our own. */
  answer(head: string): string | undefined;
  /** It is somebody else's. It belongs to the local service: what has come is to be handed on, and so is what comes. */
  relay(stream: Stream): StreamHandler;
  /** The stream is over, and was not handed on. */
  onDone(): void;
}

/**
 * A stream that is said to be a probe. Its head is read to see whether we sent it: if so it is answered here, else it goes on as any
 * other, with every byte.
 */
export class ProbedStream implements StreamHandler {
  readonly #stream: Stream;
  readonly #events: ProbedStreamEvents;
  #received: Buffer = Buffer.alloc(0);
  #answered = false;

  constructor(stream: Stream, events: ProbedStreamEvents) {
    this.#stream = stream;
    this.#events = events;
    stream.handler = this;
  }

  onData(chunk: Buffer): void {
    if (this.#answered) return this.#stream.consumed(chunk.length);
    this.#received = Buffer.concat([this.#received, chunk]);
    const end = this.#received.indexOf(HEAD_END);
    if (end < 0) return this.#received.length >= MOST ? void this.#relay() : undefined;
    const answer = this.#events.answer(this.#received.toString("latin1", 0, end + HEAD_END.length));
    if (answer === undefined) return void this.#relay();
    this.#answered = true;
    this.#stream.consumed(this.#received.length);
    this.#stream.write(Buffer.from(answer, "latin1"));
    this.#stream.end();
  }

  onEnd(): void {
    if (!this.#answered) return this.#relay().onEnd();
    if (this.#stream.over) this.#events.onDone();
  }

  onReset(): void {
    this.#events.onDone();
  }

  onDrain(): void {}

  #relay(): StreamHandler {
    const handler = this.#events.relay(this.#stream);
    if (this.#received.length > 0) handler.onData(this.#received);
    return handler;
  }
}
