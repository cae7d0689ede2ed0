import type { ServerResponse } from "node:http";
import type { Defer } from "../cleanup.js";
import { Origin } from "./origin.js";

/** Server-sent events on every path, each sent by `tick`. */
export class ClockOrigin {
  readonly origin: Origin;
  readonly #listening: Set<ServerResponse>;
  #ticks = 0;

  private constructor(origin: Origin, listening: Set<ServerResponse>) {
    this.origin = origin;
    this.#listening = listening;
  }

  static async start(defer: Defer): Promise<ClockOrigin> {
    const listening = new Set<ServerResponse>();
    const origin = await Origin.start(defer, (_, outgoing) => {
      outgoing.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
      outgoing.flushHeaders();
      listening.add(outgoing);
      outgoing.on("close", () => listening.delete(outgoing));
    });
    return new ClockOrigin(origin, listening);
  }

  /** The number of connected visitors. */
  get listeners(): number {
    return this.#listening.size;
  }

  /** Sends one event to all visitors and returns its number. */
  tick(): number {
    this.#ticks += 1;
    for (const outgoing of this.#listening) outgoing.write(`data: tick ${this.#ticks}\n\n`);
    return this.#ticks;
  }
}
