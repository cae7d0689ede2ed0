import type { PaceLimits } from "./body-pace.js";

/** What a visitor may do. Times are in milliseconds. */
export interface VisitorLimits extends PaceLimits {
  /** Between two requests, and before the first. */
  idle: number;
  /** From the first byte of a head to its last, the request's or the answer's. */
  head: number;
  /** Content bytes of one request's body. 0: any number. */
  body: number;
  /** From a whole request to the head of its answer. 0: as long as the visitor waits. */
  answer: number;
  /** How long a visitor may take nothing of an answer that waits for it, and an origin nothing of a body. */
  stall: number;
  /** How long input is still read and thrown away after an answer that ends the connection, so that the answer is not lost to a reset. */
  linger: number;
}

export const DEFAULT_VISITOR_LIMITS: Readonly<VisitorLimits> = {
  idle: 60_000,
  head: 10_000,
  body: 0,
  bodyRate: 240,
  bodyGrace: 20_000,
  answer: 0,
  stall: 300_000,
  linger: 2_000,
};
