import { ListingQuota } from "../records/listing-quota.js";
import { requestEntry, visitorFields } from "../records/request-entry.js";
import type { FinishedRequest } from "../route.js";
import type { GatewayServiceOptions } from "./service-options.js";

/** Requests per second that are reported one by one. */
export const LISTED_REQUESTS = 50;

/** Reports finished requests: some of each second one by one, the others as a number. */
export class RequestReports {
  readonly #options: Pick<GatewayServiceOptions, "onRequest" | "onOmitted">;
  readonly #quota: ListingQuota;
  #omitted = 0;

  constructor(options: Pick<GatewayServiceOptions, "onRequest" | "onOmitted" | "requestRecords">) {
    this.#options = options;
    this.#quota = new ListingQuota(options.requestRecords ?? LISTED_REQUESTS);
  }

  /**
   * @param route the name of the request's route; undefined if there was none
   * @param folder the name of the folder that the route serves
   */
  add(request: FinishedRequest, route: string | undefined, folder?: string): void {
    const { onRequest } = this.#options;
    const target = folder ?? request.upstream?.name;
    if (onRequest === undefined) return;
    if (!this.#quota.takes(request.endedAt)) {
      this.#omitted++;
      return;
    }
    const places = { ...(route === undefined ? {} : { route }), ...(target === undefined ? {} : { target }) };
    onRequest({ ...places, ...requestEntry(request) }, visitorFields(request));
  }

  /** Reports the number of requests that were omitted. Call it about once a second. */
  flush(): void {
    if (this.#omitted === 0) return;
    this.#options.onOmitted?.(this.#omitted);
    this.#omitted = 0;
  }
}
