import { ListingQuota, requestEntry, visitorFields } from "@postern/gateway";
import type { FinishedRequest, VisitorFields } from "@postern/gateway";
import type { RequestRecord, RequestTotals } from "@postern/protocol";
import { OmittedRequests } from "./omitted-requests.js";

/** A finished request: its record for the client, and the fields about its visitor for the server's log. */
export interface ListedRequest {
  readonly record: RequestRecord;
  readonly visitor: VisitorFields;
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
  readonly #quota: ListingQuota;
  readonly #listed: ListedRequest[] = [];
  #omitted: OmittedRequests | undefined;

  /** @param perSecond the number of requests that are listed in a second. */
  constructor(perSecond: number) {
    this.#quota = new ListingQuota(perSecond);
  }

  /** Adds a request. Returns whether the log was empty before. */
  add(request: FinishedRequest): boolean {
    const first = this.isEmpty;
    if (this.#quota.takes(request.endedAt))
      this.#listed.push({ record: requestEntry(request), visitor: visitorFields(request) });
    else (this.#omitted ??= new OmittedRequests()).add(request, request.endedAt - request.startedAt);
    return first;
  }

  /** Whether listed requests have not been taken yet. */
  get hasListed(): boolean {
    return this.#listed.length > 0;
  }

  get isEmpty(): boolean {
    return !this.hasListed && this.#omitted === undefined;
  }

  /** Takes the oldest requests. @param most listed requests; those that are only counted come with the last of them */
  take(most = Infinity): TakenRequests {
    const listed = this.#listed.splice(0, most);
    if (this.hasListed) return { listed, omitted: 0, totals: undefined };
    const taken = { listed, omitted: this.#omitted?.count ?? 0, totals: this.#omitted?.totals };
    this.#omitted = undefined;
    return taken;
  }
}
