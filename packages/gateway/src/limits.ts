import type { PaceLimits } from "./visitor/body-pace.js";

/** Limits on visitors and origins. Times are in milliseconds. */
export interface GatewayLimits extends PaceLimits {
  /** Time between two requests of a visitor, and before the first. */
  idle: number;
  /** Time from the first byte of a head to its last, for requests and responses. */
  head: number;
  /** Content bytes of one request's body. 0: no limit. */
  body: number;
  /** Time from the end of a request to the head of its response. 0: no limit. */
  answer: number;
  /**
   * How long a visitor may read nothing while a response waits for it, and an origin nothing while a body waits for it.
   */
  stall: number;
  /**
   * How long input is still read and dropped after the last response, so that a reset does not destroy the response.
   */
  linger: number;
}

export const DEFAULT_GATEWAY_LIMITS: Readonly<GatewayLimits> = {
  idle: 60_000,
  head: 10_000,
  body: 0,
  bodyRate: 240,
  bodyGrace: 20_000,
  answer: 0,
  stall: 300_000,
  linger: 2_000,
};
