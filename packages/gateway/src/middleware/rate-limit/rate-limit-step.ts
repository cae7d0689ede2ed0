import { hash } from "node:crypto";
import { refusals, type Field, type Refusal } from "../../http/index.js";
import { decidingField } from "../../routing/conditions.js";
import type { Tenancy } from "../tenancy.js";
import type { Step, StepRequest, Verdict } from "../step.js";
import { countRequest, RateTable, waitOf, type Rate, type RateEntry } from "./rate-table.js";
import { visitorKey } from "./visitor-key.js";

/** Limits on the requests of each visitor. */
export interface RateLimitOptions {
  /** Default: any number. */
  readonly requestsPerMinute?: number | undefined;
  /** Milliseconds over which requests are counted. */
  readonly window: number;
  /** Requests that may come at once. Default: the number of requests in `window`. */
  readonly burst?: number | undefined;
  /** Requests in progress at the same time; upgraded connections count until they close. Default: any number. */
  readonly concurrent?: number | undefined;
  /**
   * A header, in lower case: its values are limited, each like an address. Addresses are limited as well, because a
   * visitor can send any value.
   */
  readonly byHeader?: string | undefined;
  /** For visitors that exceed a limit. */
  readonly message?: string | undefined;
}

/** Values of headers beyond this length are kept as a hash. */
const LONGEST_KEY = 64;

/** Limits the requests of each visitor, by address, and perhaps by a header. */
export class RateLimitStep implements Step {
  readonly name = "rate limit";
  readonly #rate: Rate;
  readonly #policy: Readonly<Record<string, string>>;
  readonly #byHeader: { readonly name: string; readonly field: Field } | undefined;
  readonly #tooMany: Refusal;
  readonly #tooManyAtOnce: Refusal;
  #addresses: RateTable;
  #values: RateTable;

  /** @throws RangeError for a header that visitors cannot send to targets. */
  constructor(
    { requestsPerMinute, window, burst, concurrent, byHeader, message }: RateLimitOptions,
    tenancy?: Pick<Tenancy, "room">,
  ) {
    this.#addresses = new RateTable(undefined, tenancy?.room);
    this.#values = new RateTable(undefined, tenancy?.room);
    const inWindow = Math.max(1, Math.floor(((requestsPerMinute ?? 0) * window) / 60_000));
    const limit = burst ?? inWindow;
    this.#rate =
      requestsPerMinute === undefined
        ? { interval: 0, burst: 1, concurrent }
        : { interval: 60_000 / requestsPerMinute, burst: limit, concurrent };
    this.#policy = {
      "RateLimit-Policy": `${limit};w=${Math.ceil((limit * this.#rate.interval) / 1_000)}`,
      "RateLimit-Limit": String(limit),
      "RateLimit-Remaining": "0",
    };
    this.#byHeader = byHeader === undefined ? undefined : { name: byHeader, field: decidingField(byHeader) };
    const own = message === undefined ? {} : { message };
    this.#tooMany = { ...refusals.PN_ACCESS_RATE, ...own };
    this.#tooManyAtOnce = { ...refusals.PN_ACCESS_CONCURRENT, ...own };
  }

  check(request: StepRequest): Verdict {
    const { startedAt: now } = request;
    const { interval } = this.#rate;
    const byAddress = this.#addresses.entry(visitorKey(request.address), now, interval);
    if (byAddress === undefined) return refusals.PN_OVERLOADED;
    const refused = this.#refusalOf(byAddress, now);
    const value = this.#byHeader === undefined ? "" : request.fieldValue(this.#byHeader.name, this.#byHeader.field);
    if (refused !== undefined || value === "") return refused ?? this.#count(request, byAddress, now);
    const byValue = this.#values.entry(valueKey(value), now, interval);
    if (byValue === undefined) return refusals.PN_OVERLOADED;
    return this.#refusalOf(byValue, now) ?? this.#count(request, byValue, now) ?? this.#count(request, byAddress, now);
  }

  inherit(former: Step): void {
    if (!(former instanceof RateLimitStep)) return;
    this.#addresses = former.#addresses;
    this.#values = former.#values;
  }

  close(): void {
    this.#addresses.close();
    this.#values.close();
  }

  #refusalOf(entry: RateEntry, now: number): Refusal | undefined {
    const rate = this.#rate;
    if (rate.concurrent !== undefined && entry.inProgress >= rate.concurrent) return this.#tooManyAtOnce;
    const wait = waitOf(entry, rate, now);
    if (wait === 0) return undefined;
    const reset = String(Math.ceil((entry.nextAt - now) / 1_000));
    const fields = { ...this.#policy, "RateLimit-Reset": reset };
    return { ...this.#tooMany, retryAfter: Math.ceil(wait / 1_000), fields };
  }

  #count(request: StepRequest, entry: RateEntry, now: number): undefined {
    countRequest(entry, this.#rate, now);
    if (this.#rate.concurrent !== undefined) request.hold(entry);
  }
}

function valueKey(value: string): string {
  return value.length <= LONGEST_KEY ? value : hash("sha256", value, "base64");
}
