import { Traffic, type FinishedRequest } from "@postern/gateway";
import { DURATION_BOUNDS, type RequestTotals } from "@postern/protocol";
import { Durations } from "../metrics/durations.js";

/** Counts the finished requests that are not listed. */
export class OmittedRequests {
  count = 0;
  readonly #traffic = new Traffic();
  readonly #durations = new Durations(DURATION_BOUNDS);
  readonly #ended: RequestTotals["ended"] = {};

  /** @param duration in milliseconds. */
  add(request: FinishedRequest, duration: number): void {
    const { ended } = request;
    this.count++;
    this.#traffic.count(request);
    this.#durations.add(duration);
    this.#ended[ended] = (this.#ended[ended] ?? 0) + 1;
  }

  get totals(): RequestTotals {
    const { requests, bytesIn, bytesOut } = this.#traffic;
    return {
      statuses: requests.slice(1),
      ended: this.#ended,
      bytes_in: bytesIn,
      bytes_out: bytesOut,
      duration_ms: Math.round(this.#durations.sum * 10) / 10,
      durations: this.#durations.counts,
    };
  }
}
