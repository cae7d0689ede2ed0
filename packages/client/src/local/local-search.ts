import type { Stream, StreamHandler } from "@postern/protocol";
import type { Lookup } from "@postern/net";
import {
  dialErrorCode,
  DIAL_TIMEOUT,
  LocalConnection,
  readInto,
  timeout,
  type LocalConnectionEvents,
} from "./local-connection.js";
import { dialTargetByName, type Target } from "./local-address.js";

/**
 * A stream whose local service has a name that has to be asked for, and perhaps several addresses: what comes meanwhile is held, as much as
 * its window allows, and handed on with the connection to the address that answers first.
 */
export class LocalSearch implements StreamHandler {
  readonly #stream: Stream;
  readonly #target: Target;
  readonly #events: LocalConnectionEvents;
  readonly #stop = new AbortController();
  readonly #held: Buffer[] = [];
  #ended = false;

  constructor(stream: Stream, target: Target, events: LocalConnectionEvents, lookup?: Lookup) {
    this.#stream = stream;
    this.#target = target;
    this.#events = events;
    stream.handler = this;
    void this.#search(lookup);
  }

  onData(chunk: Buffer): void {
    this.#held.push(chunk);
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
    const timer = setTimeout(() => this.#stop.abort(timeout()), DIAL_TIMEOUT);
    try {
      const socket = await dialTargetByName(this.#target, readInto(this.#stream), signal, lookup);
      // The stream may have been reset since somebody answered.
      if (signal.aborted) socket.destroy();
      signal.throwIfAborted();
      this.#handOn(new LocalConnection(this.#stream, this.#target, this.#events, socket));
    } catch (error) {
      this.#fail(error as NodeJS.ErrnoException);
    } finally {
      clearTimeout(timer);
    }
  }

  #handOn(connection: LocalConnection): void {
    for (const chunk of this.#held) connection.onData(chunk);
    if (this.#ended) connection.onEnd();
  }

  #fail(error: NodeJS.ErrnoException): void {
    if (!this.#stream.over) {
      const code = dialErrorCode(error);
      this.#stream.reset(code);
      this.#events.onDialFailure(code, error);
    }
    this.#events.onDone();
  }
}
