import { refusals, type Field, type Refusal } from "../../http/index.js";
import { decidingField } from "../../routing/conditions.js";
import type { Tenancy } from "../tenancy.js";
import type { Step, StepRequest, Verdict } from "../step.js";
import { RateRule, valueKey, type RateRuleOptions } from "./rate-rule.js";
import { RateTable } from "./rate-table.js";
import { visitorKey } from "./visitor-key.js";

/** Limits on the requests of each visitor. */
export interface RateLimitOptions extends RateRuleOptions {
  /**
   * A header, in lower case: its values are limited, each like an address. Addresses are limited as well, because a
   * visitor can send any value.
   */
  readonly byHeader?: string | undefined;
  /**
   * Whether requests of a known user count for the user instead of the address. Those that no step admits still count
   * for their address.
   */
  readonly byUser?: boolean | undefined;
}

/** Limits the requests of each visitor, by address, and perhaps by a header. */
export class RateLimitStep implements Step {
  readonly name = "rate limit";
  readonly #rule: RateRule;
  readonly #byHeader: { readonly name: string; readonly field: Field } | undefined;
  #addresses: RateTable;
  #values: RateTable;

  /** @throws RangeError for a header that visitors cannot send to targets. */
  constructor({ byHeader, byUser = false, ...rule }: RateLimitOptions, tenancy?: Pick<Tenancy, "room">) {
    this.#addresses = new RateTable(undefined, tenancy?.room);
    this.#values = new RateTable(undefined, tenancy?.room);
    // With `byUser`, requests in progress count for the user. Only a later step knows the user.
    this.#rule = new RateRule(byUser ? { ...rule, concurrent: undefined } : rule);
    this.#byHeader = byHeader === undefined ? undefined : { name: byHeader, field: decidingField(byHeader) };
  }

  check(request: StepRequest): Verdict {
    const { startedAt: now } = request;
    const rule = this.#rule;
    const { interval } = rule.rate;
    const byAddress = this.#addresses.entry(visitorKey(request.address), now, interval);
    if (byAddress === undefined) return refusals.PN_OVERLOADED;
    const refused = rule.refusalOf(byAddress, now);
    const value = this.#byHeader === undefined ? "" : request.fieldValue(this.#byHeader.name, this.#byHeader.field);
    if (refused !== undefined || value === "") return refused ?? rule.count(request, byAddress, now);
    const byValue = this.#values.entry(valueKey(value), now, interval);
    if (byValue === undefined) return refusals.PN_OVERLOADED;
    return rule.refusalOf(byValue, now) ?? rule.count(request, byValue, now) ?? rule.count(request, byAddress, now);
  }

  /** A request that was admitted does not count for its address. */
  forgive({ address, startedAt }: StepRequest): void {
    const { interval } = this.#rule.rate;
    const entry = this.#addresses.entry(visitorKey(address), startedAt, interval);
    if (entry !== undefined) entry.nextAt -= interval;
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
}

/**
 * Limits the requests of each user, after the steps that know who it is. A request whose user stays unknown counts for
 * its address.
 */
export class UserRateLimitStep implements Step {
  readonly name = "user rate limit";
  readonly #rule: RateRule;
  readonly #beforeLogin: RateLimitStep;
  #users: RateTable;

  /** @param beforeLogin the step that has counted each request for its address */
  constructor(options: RateLimitOptions, beforeLogin: RateLimitStep, tenancy?: Pick<Tenancy, "room">) {
    this.#users = new RateTable(undefined, tenancy?.room);
    this.#rule = new RateRule(options);
    this.#beforeLogin = beforeLogin;
  }

  check(request: StepRequest): Refusal | undefined {
    const { startedAt: now, principal, address } = request;
    const rule = this.#rule;
    const key = principal === undefined ? `address ${visitorKey(address)}` : `user ${valueKey(principal)}`;
    const entry = this.#users.entry(key, now, rule.rate.interval);
    if (entry === undefined) return refusals.PN_OVERLOADED;
    const refused = rule.refusalOf(entry, now) ?? rule.count(request, entry, now);
    // Otherwise one account beyond its limit could send any number of requests from its address.
    if (refused === undefined) this.#beforeLogin.forgive(request);
    return refused;
  }

  inherit(former: Step): void {
    if (former instanceof UserRateLimitStep) this.#users = former.#users;
  }

  close(): void {
    this.#users.close();
  }
}
