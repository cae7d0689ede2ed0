import { NetworkList } from "@postern/net";
import { networkOf } from "../../routing/conditions.js";
import { refusals, type Refusal } from "../../http/index.js";
import { ErrorPages } from "../error-pages/error-pages.js";
import type { Step, StepRequest, Verdict } from "../step.js";

export interface MaintenanceOptions {
  /** Addresses and networks that are served nevertheless. Default: none. */
  readonly allow?: readonly string[] | undefined;
  /** HTML for browsers. Default: a page of the gateway. */
  readonly page?: string | undefined;
  /** Seconds after which visitors should try again. Default 300. */
  readonly retryAfter?: number | undefined;
}

const RETRY_AFTER = 300;

/** Responds to all visitors, but some, that the service is being maintained. */
export class MaintenanceStep implements Step {
  readonly name = "maintenance";
  readonly #allowed: NetworkList;
  readonly #refusal: Refusal;
  readonly #pages: ErrorPages | undefined;

  /** @throws RangeError for an address that is not valid, and for a page that is too large. */
  constructor({ allow = [], page, retryAfter = RETRY_AFTER }: MaintenanceOptions) {
    this.#allowed = new NetworkList(allow.map(networkOf));
    this.#refusal = { ...refusals.PN_ROUTE_MAINTENANCE, retryAfter };
    this.#pages = page === undefined ? undefined : new ErrorPages({ 503: page });
  }

  check(request: StepRequest): Verdict {
    if (this.#allowed.has(request.address)) return undefined;
    if (this.#pages !== undefined) request.showErrors(this.#pages);
    return this.#refusal;
  }
}
