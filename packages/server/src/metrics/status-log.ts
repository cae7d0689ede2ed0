import type { Logger } from "pino";
import type { Measured, ServerMetrics, Totals } from "./metrics.js";

/** Milliseconds between two lines. */
export const STATUS_INTERVAL = 60_000;

/** Says in the log how a server is: what is open now, and what was served since the last time. */
export class StatusLog {
  readonly #log: Logger;
  readonly #measured: Measured;
  readonly #metrics: ServerMetrics;
  #due: number;
  /** Those that the last line knew. */
  #told: Totals = { requests: 0, received_bytes: 0, sent_bytes: 0 };

  /** @param now milliseconds, by the clock of `tick`. */
  constructor(log: Logger, measured: Measured, metrics: ServerMetrics, now: number) {
    this.#log = log;
    this.#measured = measured;
    this.#metrics = metrics;
    this.#due = now + STATUS_INTERVAL;
  }

  /** Writes a line if it is time for one. */
  tick(now: number): void {
    if (now < this.#due) return;
    this.#due = now + STATUS_INTERVAL;
    this.write();
  }

  /** Writes a line. */
  write(): void {
    const { totals } = this.#metrics;
    const { sessions, tunnels, streams, connections } = this.#measured;
    const told = this.#told;
    this.#told = totals;
    this.#log.info(
      {
        sessions,
        tunnels,
        streams,
        connections,
        requests: totals.requests - told.requests,
        received_bytes: totals.received_bytes - told.received_bytes,
        sent_bytes: totals.sent_bytes - told.sent_bytes,
        rss_bytes: process.memoryUsage.rss(),
      },
      "status of the server",
    );
  }
}
