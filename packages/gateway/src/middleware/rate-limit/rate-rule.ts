import { hash } from "node:crypto";
import { refusals, type Refusal } from "../../http/index.js";
import type { StepRequest } from "../step.js";
import { countRequest, waitOf, type Rate, type RateEntry } from "./rate-table.js";

/** How often something may be asked, and the response to those who ask more often. */
export interface RateRuleOptions {
  /** Default: any number. */
  readonly requestsPerMinute?: number | undefined;
  /** Milliseconds over which requests are counted. */
  readonly window: number;
  /** Requests that may come at once. Default: the number of requests in `window`. */
  readonly burst?: number | undefined;
  /** Requests in progress at the same time; upgraded connections count until they close. Default: any number. */
  readonly concurrent?: number | undefined;
  /** For visitors that exceed a limit. */
  readonly message?: string | undefined;
}

interface RateRefusals {
  readonly rate: Refusal;
  readonly concurrent: Refusal;
}

/** Keys beyond this length are kept as a hash. */
const LONGEST_KEY = 64;
const OF_VISITORS: RateRefusals = { rate: refusals.PN_ACCESS_RATE, concurrent: refusals.PN_ACCESS_CONCURRENT };

/** Applies one rate to the entries of a `RateTable`. */
export class RateRule {
  readonly rate: Rate;
  readonly #policy: Readonly<Record<string, string>>;
  readonly #tooMany: Refusal;
  readonly #tooManyAtOnce: Refusal;

  constructor(
    { requestsPerMinute, window, burst, concurrent, message }: RateRuleOptions,
    responses: RateRefusals = OF_VISITORS,
  ) {
    const inWindow = Math.max(1, Math.floor(((requestsPerMinute ?? 0) * window) / 60_000));
    const limit = burst ?? inWindow;
    this.rate =
      requestsPerMinute === undefined
        ? { interval: 0, burst: 1, concurrent }
        : { interval: 60_000 / requestsPerMinute, burst: limit, concurrent };
    this.#policy = {
      "RateLimit-Policy": `${limit};w=${Math.ceil((limit * this.rate.interval) / 1_000)}`,
      "RateLimit-Limit": String(limit),
      "RateLimit-Remaining": "0",
    };
    const own = message === undefined ? {} : { message };
    this.#tooMany = { ...responses.rate, ...own };
    this.#tooManyAtOnce = { ...responses.concurrent, ...own };
  }

  /** Why the next request of `entry` is refused; undefined: it is not. */
  refusalOf(entry: RateEntry, now: number): Refusal | undefined {
    const { rate } = this;
    if (rate.concurrent !== undefined && entry.inProgress >= rate.concurrent) return this.#tooManyAtOnce;
    const wait = waitOf(entry, rate, now);
    if (wait === 0) return undefined;
    const reset = String(Math.ceil((entry.nextAt - now) / 1_000));
    const fields = { ...this.#policy, "RateLimit-Reset": reset };
    return { ...this.#tooMany, retryAfter: Math.ceil(wait / 1_000), fields };
  }

  /** Counts a request of `entry`. */
  count(request: StepRequest, entry: RateEntry, now: number): undefined {
    countRequest(entry, this.rate, now);
    if (this.rate.concurrent !== undefined) request.hold(entry);
  }
}

/** A key for a value that visitors choose. */
export function valueKey(value: string): string {
  return value.length <= LONGEST_KEY ? value : hash("sha256", value, "base64");
}
