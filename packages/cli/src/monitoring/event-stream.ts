import type { ServerResponse } from "node:http";
import type { NumberedEvent } from "@postern/client/command";
import { boundedJson } from "../terminal/bounded-json.js";

export const STREAM_LIMITS = {
  /** Bytes that may wait for a reader; events beyond are counted and left out. */
  backlog: 256 * 1024,
  /** Milliseconds between two signs of life. A reader that takes nothing between two of them is cut off. */
  heartbeat: 15_000,
} as const;

/** One reader of events as they happen (text/event-stream). A slow one misses events and is told how many; it holds up nobody. */
export class EventStream {
  readonly #response: ServerResponse;
  readonly #timer: NodeJS.Timeout;
  #lost = 0;
  /** What the reader had taken at the last sign of life. */
  #taken = -1;

  /** @param ended is called once, when the reader has gone or was cut off. */
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
    const taken = (socket?.bytesWritten ?? 0) - (socket?.writableLength ?? 0);
    if (writableLength > 0 && taken === this.#taken) return void this.#response.destroy();
    this.#taken = taken;
    if (writableLength === 0) this.#response.write(": still here\n\n");
  }
}
