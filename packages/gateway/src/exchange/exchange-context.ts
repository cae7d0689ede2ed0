import type { SharedDomain } from "../cookies/shared-domain.js";
import { SYSTEM_CLOCK, type Clock } from "../deadlines/clock.js";
import { ResponseHead } from "../http/index.js";
import { DEFAULT_GATEWAY_LIMITS, type GatewayLimits } from "../limits.js";
import { HeadRepair } from "../repair/index.js";

export interface ExchangeOptions {
  /** Default: `SYSTEM_CLOCK`. */
  clock?: Clock;
  /** Default: `DEFAULT_GATEWAY_LIMITS`. */
  limits?: GatewayLimits;
  /** Origins may not set cookies for this domain. Default: they may set them for any. */
  sharedDomain?: SharedDomain | undefined;
  /** Origins get no cookies of logins with the mark that it returns. Default: only steps remove such cookies. */
  ownCookies?: (() => string) | undefined;
}

/** What all exchanges of a gateway share. */
export class ExchangeContext {
  readonly clock: Clock;
  readonly limits: GatewayLimits;
  /** Origins may not set cookies for this domain; undefined: for any. */
  readonly sharedDomain: SharedDomain | undefined;
  /** Origins get no cookies of logins with the mark that it returns; undefined: only steps remove such cookies. */
  readonly ownCookies: (() => string) | undefined;
  /** All exchanges share these readers, because a head is read and used without any `await` in between. */
  readonly responseHead: ResponseHead;
  readonly headRepair: HeadRepair;

  constructor({
    clock = SYSTEM_CLOCK,
    limits = DEFAULT_GATEWAY_LIMITS,
    sharedDomain,
    ownCookies,
  }: ExchangeOptions = {}) {
    this.clock = clock;
    this.limits = limits;
    this.sharedDomain = sharedDomain;
    this.ownCookies = ownCookies;
    this.responseHead = new ResponseHead(limits.headSize);
    this.headRepair = new HeadRepair(limits.headSize);
  }
}
