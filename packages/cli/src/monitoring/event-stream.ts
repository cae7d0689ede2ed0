import type { ServerResponse } from "node:http";
import type { NumberedEvent } from "@postern/client/status";
import { boundedJson } from "../terminal/bounded-json.js";

export const STREAM_LIMITS = {
  /** Bytes that may wait for a reader. Further events are dropped and counted. */
  backlog: 256 * 1024,
  /** Milliseconds between two heartbeats. A reader that reads nothing in between is disconnected. */
  heartbeat: 15_000,
} as const;

/**
 * A reader of live events (text/event-stream). A slow reader misses events and receives the number of missed events. It
 * does not delay other readers.
 */
export class EventStream {
  readonly #response: ServerResponse;
  readonly #timer: NodeJS.Timeout;
  #lost = 0;
  /** Bytes that the reader had received at the last heartbeat. */
  #received = -1;

  /** @param ended called once, when the reader has left or was disconnected. */
  constructor(response: ServerResponse, ended: () => void, heartbeat: number = STREAM_LIMITS.heartbeat) {
    this.#response = response;
    this.#timer = setInterval(() => this.#beat(), heartbeat).unref();
    response.writeHead(200, { "Content-Type": "text/event-stream; charset=utf-8" });
    response.flushHeaders();
    response.once("close", () => {
      clearInterval(this.#timer);
      ended();
    });
  }

  send(event: NumberedEvent): void {
    if (this.#response.writableLength > STREAM_LIMITS.backlog) {
      this.#lost++;
      return;
    }
    const loss = this.#lost === 0 ? "" : `event: lost\ndata: {"lost":${this.#lost}}\n\n`;
    this.#lost = 0;
    this.#response.write(`${loss}id: ${event.id}\ndata: ${boundedJson({ ...event })}\n\n`);
  }

  #beat(): void {
    const { socket, writableLength } = this.#response;
    const received = (socket?.bytesWritten ?? 0) - (socket?.writableLength ?? 0);
    if (writableLength > 0 && received === this.#received) return void this.#response.destroy();
    this.#received = received;
    if (writableLength === 0) this.#response.write(": heartbeat\n\n");
  }
}
