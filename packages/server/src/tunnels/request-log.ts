import type { FinishedRequest } from "@postern/gateway";
import type { RequestRecord, RequestTotals } from "@postern/protocol";
import { OmittedRequests } from "./omitted-requests.js";
import { redactedPath } from "./redacted-path.js";
import { redactedText } from "./redacted-text.js";

/** The length of the longest path and the longest User-Agent in a record, in characters. */
const LONGEST_PATH = 1_024;
const LONGEST_USER_AGENT = 256;

/** A finished request: its record for the client, and the fields about its visitor for the server's log. */
export interface ListedRequest {
  readonly record: RequestRecord;
  readonly visitor: VisitorFields;
}

interface VisitorFields {
  /** The visitor's IP address. */
  readonly visitor: string;
  readonly host: string;
  readonly user_agent?: string;
}

/** The finished requests since the last `take`. */
export interface TakenRequests {
  readonly listed: ListedRequest[];
  /** The number of requests that are not listed. */
  readonly omitted: number;
  /** Sums over them; undefined without any. */
  readonly totals: RequestTotals | undefined;
}

/** The finished requests of one tunnel. Some of each second are listed in full; the others are counted. */
export class RequestLog {
  readonly #perSecond: number;
  #listed: ListedRequest[] = [];
  #omitted: OmittedRequests | undefined;
  /** Requests of this second that are listed. */
  #count = 0;
  #second = 0;

  /** @param perSecond the number of requests that are listed in a second. */
  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  /** Adds a request. Returns whether the log was empty before. */
  add(request: FinishedRequest): boolean {
    const first = this.#listed.length === 0 && this.#omitted === undefined;
    const second = Math.floor(request.endedAt / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#count = 0;
    }
    const duration = request.endedAt - request.startedAt;
    if (++this.#count > this.#perSecond) (this.#omitted ??= new OmittedRequests()).add(request, duration);
    else this.#listed.push({ record: record(request, duration), visitor: visitorFields(request) });
    return first;
  }

  take(): TakenRequests {
    const taken = { listed: this.#listed, omitted: this.#omitted?.count ?? 0, totals: this.#omitted?.totals };
    this.#listed = [];
    this.#omitted = undefined;
    return taken;
  }
}

function record(request: FinishedRequest, duration: number): RequestRecord {
  return {
    request_id: request.id,
    method: request.method,
    // A path may be as long as a head, and a stranger chooses it.
    path: redactedPath(request.path.slice(0, 2 * LONGEST_PATH)).slice(0, LONGEST_PATH),
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

function visitorFields({ address, host, userAgent }: FinishedRequest): VisitorFields {
  const agent = redactedText(userAgent.slice(0, 2 * LONGEST_USER_AGENT)).slice(0, LONGEST_USER_AGENT);
  return { visitor: address, host, ...(agent === "" ? {} : { user_agent: agent }) };
}
