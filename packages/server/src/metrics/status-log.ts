import type { Logger } from "pino";
import type { Measured, ServerMetrics, Totals } from "./metrics.js";

/** Milliseconds between two lines. */
export const STATUS_INTERVAL = 60_000;

/** Logs the state of the server: current connections, and the traffic since the last line. */
export class StatusLog {
  readonly #log: Logger;
  readonly #measured: Measured;
  readonly #metrics: ServerMetrics;
  #due: number;
  /** The totals at the last line. */
  #logged: Totals = { requests: 0, received_bytes: 0, sent_bytes: 0 };

  /** @param now the time in milliseconds, on the clock of `tick`. */
  constructor(log: Logger, measured: Measured, metrics: ServerMetrics, now: number) {
    this.#log = log;
    this.#measured = measured;
    this.#metrics = metrics;
    this.#due = now + STATUS_INTERVAL;
  }

  /** Writes a line every STATUS_INTERVAL. */
  tick(now: number): void {
    if (now < this.#due) return;
    this.#due = now + STATUS_INTERVAL;
    this.write();
  }

  /** Writes a line. */
  write(): void {
    const { totals } = this.#metrics;
    const { sessions, tunnels, guarded, streams, connections, accessLog } = this.#measured;
    const logged = this.#logged;
    this.#logged = totals;
    this.#log.info(
      {
        sessions,
        tunnels,
        guarded_tunnels: guarded,
        streams,
        connections,
        requests: totals.requests - logged.requests,
        received_bytes: totals.received_bytes - logged.received_bytes,
        sent_bytes: totals.sent_bytes - logged.sent_bytes,
        ...(accessLog && { access_log_lines: accessLog.lines, access_log_dropped: accessLog.dropped }),
        rss_bytes: process.memoryUsage.rss(),
      },
      "status of the server",
    );
  }
}
