import { DEFAULT_HEAD_LIMITS, type HeadLimits } from "./http/index.js";
import type { PaceLimits } from "./visitor/body-pace.js";

/** Limits on visitors and origins. Times are in milliseconds. */
export interface GatewayLimits extends PaceLimits {
  /** Size of the head and of the trailers of a request or response. */
  headSize: HeadLimits;
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
  /** Interim responses (1xx) to one request. */
  interim: number;
  /**
   * Bytes of a request's body that are kept until its response begins. A request with a longer body is sent only once.
   */
  replay: number;
}

/** Limits on the requests of one route, in place of the gateway's. Times are in milliseconds. */
export interface RouteLimits {
  /** Time from the end of a request to the head of its response. 0: no limit. */
  answer: number;
  /**
   * Time in which neither a byte of the request's body nor one of the response's body arrives, while the gateway waits
   * for the origin. It does not apply to event streams and after a protocol switch. 0: no limit.
   */
  idle: number;
  /** Content bytes of a request's body. 0: no limit. */
  body: number;
}

export const DEFAULT_GATEWAY_LIMITS: Readonly<GatewayLimits> = {
  headSize: DEFAULT_HEAD_LIMITS,
  // Longer than the 60 s of common load balancers, so that the balancer closes first.
  idle: 75_000,
  head: 10_000,
  body: 0,
  bodyRate: 0,
  bodyGrace: 60_000,
  answer: 0,
  stall: 300_000,
  linger: 2_000,
  interim: 16,
  replay: 64 * 1024,
};
