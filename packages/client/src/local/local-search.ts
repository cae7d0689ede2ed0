import type { Lookup } from "@postern/net";
import type { Stream, StreamHandler } from "@postern/protocol";
import type { TunnelEvents } from "../tunnel-events.js";
import { dialLocalByName, type LocalAddress } from "./local-address.js";
import { dialErrorCode, DIAL_TIMEOUT, LocalConnection, readInto, timeoutError } from "./local-connection.js";

/**
 * A stream whose local service has a name to resolve, and perhaps several addresses. Bytes that arrive meanwhile are
 * held, at most the stream's window, and are passed to the connection with the address that answers first.
 */
export class LocalSearch implements StreamHandler {
  readonly #stream: Stream;
  readonly #local: LocalAddress;
  readonly #events: Pick<TunnelEvents, "onDialFailure">;
  readonly #onClosed: () => void;
  readonly #stop = new AbortController();
  readonly #held: Buffer[] = [];
  #ended = false;

  /** @param onClosed is called once, when the connection is closed or was not made. */
  constructor(
    stream: Stream,
    local: LocalAddress,
    events: Pick<TunnelEvents, "onDialFailure">,
    onClosed: () => void,
    lookup?: Lookup,
  ) {
    this.#stream = stream;
    this.#local = local;
    this.#events = events;
    this.#onClosed = onClosed;
    stream.handler = this;
    void this.#search(lookup);
  }

  onData(chunk: Buffer): void {
    this.#held.push(Buffer.from(chunk));
  }

  onEnd(): void {
    this.#ended = true;
  }

  onReset(): void {
    this.#stop.abort();
  }

  onDrain(): void {}

  async #search(lookup: Lookup | undefined): Promise<void> {
    const { signal } = this.#stop;
    const timer = setTimeout(() => this.#stop.abort(timeoutError()), DIAL_TIMEOUT);
    try {
      const socket = await dialLocalByName(this.#local, readInto(this.#stream), signal, lookup);
      // The stream may have been reset after the address answered.
      if (signal.aborted) socket.destroy();
      signal.throwIfAborted();
      this.#passTo(new LocalConnection(this.#stream, this.#local, this.#events, this.#onClosed, socket));
    } catch (error) {
      this.#fail(error as NodeJS.ErrnoException);
    } finally {
      clearTimeout(timer);
    }
  }

  #passTo(connection: LocalConnection): void {
    for (const chunk of this.#held) connection.onData(chunk);
    if (this.#ended) connection.onEnd();
  }

  #fail(error: NodeJS.ErrnoException): void {
    if (!this.#stream.over) {
      const code = dialErrorCode(error);
      this.#stream.reset(code);
      this.#events.onDialFailure(code, error);
    }
    this.#onClosed();
  }
}
