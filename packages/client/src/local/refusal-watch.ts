import type { ConnectionHandler } from "@postern/net";
import { hostCheckOf, mayRefuseHost, SEARCHED_BYTES, SEARCHED_CHUNKS } from "./host-check.js";

export interface RefusalWatchEvents {
  /** The software of the service refuses the Host. */
  onRefused(software: string): void;
  /** The connection's own handler gets all further events. */
  onDone(): void;
}

/**
 * Handles a connection to the local service while the beginning of its first response may be a refusal of the Host.
 * Only the first response is examined: a service that checks the Host refuses all of them.
 */
export class RefusalWatch implements ConnectionHandler {
  readonly #next: ConnectionHandler;
  readonly #events: RefusalWatchEvents;
  #response = "";
  /** The chunks of it that were examined. */
  #examined = 0;

  /** @param next the connection's own handler. */
  constructor(next: ConnectionHandler, events: RefusalWatchEvents) {
    this.#next = next;
    this.#events = events;
  }

  onData(chunk: Buffer): void {
    if (!this.#continuesAfter(chunk)) this.#events.onDone();
    this.#next.onData(chunk);
  }

  onEnd(): void {
    this.#next.onEnd();
  }

  onDrain(): void {
    this.#next.onDrain();
  }

  onClose(): void {
    this.#next.onClose();
  }

  /** Examines the response. Returns whether the rest of it has to be examined, too. */
  #continuesAfter(chunk: Buffer): boolean {
    if (this.#response === "" && !mayRefuseHost(chunk)) return false;
    this.#response += chunk.toString("latin1", 0, SEARCHED_BYTES - this.#response.length);
    const software = hostCheckOf(this.#response);
    if (software !== undefined) this.#events.onRefused(software);
    return software === undefined && this.#response.length < SEARCHED_BYTES && ++this.#examined < SEARCHED_CHUNKS;
  }
}
