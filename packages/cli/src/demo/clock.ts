import type { ServerResponse } from "node:http";

/** Bytes that may wait for a reader. A slower reader is disconnected. */
const MAX_QUEUED = 16 * 1024;

/** Sends the time once a second to all listeners, as Server-Sent Events. */
export class Clock {
  readonly #listeners = new Set<ServerResponse>();
  #timer: NodeJS.Timeout | undefined;

  subscribe(response: ServerResponse): void {
    response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-store" });
    response.write(`retry: 1000\n\n${tick()}`);
    this.#listeners.add(response);
    response.on("close", () => {
      this.#listeners.delete(response);
      if (this.#listeners.size === 0) this.#stop();
    });
    this.#timer ??= this.#untilNextSecond();
  }

  /** Ends the streams of the current listeners. */
  end(): void {
    for (const response of this.#listeners) response.end();
  }

  #untilNextSecond(): NodeJS.Timeout {
    return setTimeout(
      () => {
        for (const response of this.#listeners) {
          if (response.writableLength > MAX_QUEUED) response.destroy();
          else response.write(tick());
        }
        this.#timer = this.#untilNextSecond();
      },
      1000 - (Date.now() % 1000),
    );
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

function tick(): string {
  return `event: tick\ndata: ${new Date().toISOString()}\n\n`;
}
