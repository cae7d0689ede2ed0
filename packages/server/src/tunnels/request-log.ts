import type { FinishedRequest } from "@postern/gateway";
import type { RequestRecord } from "@postern/protocol";
import { SERVER_LIMITS } from "../limits.js";
import { redactedPath } from "./redacted-path.js";

/** Longest path of a record, in characters. */
const LONGEST_PATH = 1_024;

/**
 * The finished requests of one tunnel since the last `take`. The first SERVER_LIMITS.listedRequests of each second are
 * listed in full; the others are counted.
 */
export class RequestLog {
  #records: RequestRecord[] = [];
  #omitted = 0;
  #listed = 0;
  #second = 0;

  /** Adds a request. Returns whether the log was empty before. */
  add(request: FinishedRequest, now: number): boolean {
    const first = this.#records.length === 0 && this.#omitted === 0;
    const second = Math.floor(now / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#listed = 0;
    }
    if (++this.#listed > SERVER_LIMITS.listedRequests) this.#omitted++;
    else this.#records.push(record(request, now));
    return first;
  }

  take(): { records: RequestRecord[]; omitted: number } {
    const taken = { records: this.#records, omitted: this.#omitted };
    this.#records = [];
    this.#omitted = 0;
    return taken;
  }
}

function record(request: FinishedRequest, now: number): RequestRecord {
  const duration = now - request.startedAt;
  return {
    request_id: request.id,
    method: request.method,
    path: redactedPath(request.path).slice(0, LONGEST_PATH),
    status: request.status,
    started: new Date(Date.now() - duration).toISOString(),
    duration_ms: Math.round(duration * 10) / 10,
    bytes_in: request.bytesIn,
    bytes_out: request.bytesOut,
    ended: request.ended,
    ...(request.code === undefined ? {} : { code: request.code }),
    ...(request.flaw === undefined ? {} : { flaw: request.flaw }),
    ...(request.repairs.size === 0 ? {} : { repairs: [...request.repairs] }),
  };
}
