import { refusals, type Refusal } from "../../http/index.js";
import type { Step, StepRequest } from "../step.js";
import { RateRule, type RateRuleOptions } from "./rate-rule.js";
import { RateTable } from "./rate-table.js";

/** Limits the requests to each host, for all visitors together. All hosts share the step. */
export class HostRateLimitStep implements Step {
  readonly name = "host rate limit";
  readonly #rule: RateRule;
  readonly #hosts = new RateTable();

  constructor(options: RateRuleOptions) {
    this.#rule = new RateRule(options, { rate: refusals.PN_TUNNEL_RATE, concurrent: refusals.PN_TUNNEL_CONNECTIONS });
  }

  check(request: StepRequest): Refusal | undefined {
    const { host, startedAt: now } = request;
    const entry = this.#hosts.entry(host, now, this.#rule.rate.interval);
    if (entry === undefined) return refusals.PN_OVERLOADED;
    return this.#rule.refusalOf(entry, now) ?? this.#rule.count(request, entry, now);
  }
}
