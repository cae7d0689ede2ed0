import type { FinishedRequest } from "@postern/gateway";
import { DURATION_BOUNDS, type RequestTotals } from "@postern/protocol";

/** Counts the finished requests that are not listed. */
export class OmittedRequests {
  count = 0;
  #totals = newTotals();

  add({ status, ended, bytesIn, bytesOut }: FinishedRequest, duration: number): void {
    const totals = this.#totals;
    this.count++;
    totals.statuses[Math.min(5, Math.floor(status / 100)) - 1]! += 1;
    totals.ended[ended] = (totals.ended[ended] ?? 0) + 1;
    totals.bytes_in += bytesIn;
    totals.bytes_out += bytesOut;
    totals.duration_ms += duration;
    let bucket = 0;
    while (bucket < DURATION_BOUNDS.length && duration > DURATION_BOUNDS[bucket]!) bucket++;
    totals.durations[bucket]! += 1;
  }

  /** Returns the sums since the last call; undefined without requests. */
  take(): { omitted: number; totals: RequestTotals | undefined } {
    if (this.count === 0) return { omitted: 0, totals: undefined };
    const taken = { omitted: this.count, totals: this.#totals };
    taken.totals.duration_ms = Math.round(taken.totals.duration_ms * 10) / 10;
    this.count = 0;
    this.#totals = newTotals();
    return taken;
  }
}

function newTotals(): RequestTotals {
  return {
    statuses: [0, 0, 0, 0, 0],
    ended: {},
    bytes_in: 0,
    bytes_out: 0,
    duration_ms: 0,
    durations: Array.from({ length: DURATION_BOUNDS.length + 1 }, () => 0),
  };
}
