import type { BreakCause } from "@postern/net";
import { refusals, type Refusal } from "../http/index.js";

/** How an exchange can end. Logs, events and metrics use these words; docs/metrics.md explains them. */
export const EXCHANGE_ENDS = {
  complete: "The whole response was sent to the visitor, or the upgraded connection was closed.",
  origin_reset: "The connection to the local service, or the tunnel's session, broke before the response was complete.",
  origin_invalid: "The local service sent a response that is not valid HTTP; `flaw` names the fault.",
  visitor_left: "The visitor closed its connection before the response was complete.",
  timeout: "A time limit passed: for the response, for the request's body, or for a visitor that reads nothing.",
  refused: "Postern responded itself: the request was not acceptable, or the local service could not be reached.",
} as const;
export type ExchangeEnd = keyof typeof EXCHANGE_ENDS;

/** Why an exchange was not completed. Visitors get `refusal` where no response has begun. */
export interface Failure {
  readonly ended: ExchangeEnd;
  readonly refusal: Refusal;
}

/** A stream that could not be opened, or broke. */
export const BROKEN: Readonly<Record<BreakCause, Failure>> = {
  refused: { ended: "refused", refusal: refusals.PN_ORIGIN_REFUSED },
  timeout: { ended: "timeout", refusal: refusals.PN_ORIGIN_TIMEOUT },
  untrusted: { ended: "refused", refusal: refusals.PN_ORIGIN_UNTRUSTED },
  scheme: { ended: "refused", refusal: refusals.PN_ORIGIN_SCHEME },
  gone: { ended: "origin_reset", refusal: refusals.PN_TUNNEL_AWAY },
  full: { ended: "refused", refusal: refusals.PN_OVERLOADED },
  broken: { ended: "origin_reset", refusal: refusals.PN_ORIGIN_BROKEN },
};

/** The same for a target with an address of its own. Only a tunnel can be `gone` or `full`. */
export const TARGET_BROKEN: Readonly<Record<BreakCause, Failure>> = {
  ...BROKEN,
  refused: { ended: "refused", refusal: refusals.PN_TARGET_REFUSED },
  timeout: { ended: "timeout", refusal: refusals.PN_TARGET_TIMEOUT },
  untrusted: { ended: "refused", refusal: refusals.PN_TARGET_UNTRUSTED },
  scheme: { ended: "refused", refusal: refusals.PN_TARGET_SCHEME },
  broken: { ended: "origin_reset", refusal: refusals.PN_TARGET_BROKEN },
};

/** No target of a pool with several could be reached. */
export const TARGETS_DOWN: Failure = { ended: "refused", refusal: refusals.PN_TARGETS_DOWN };

export const INVALID_RESPONSE: Failure = { ended: "origin_invalid", refusal: refusals.PN_ORIGIN_INVALID };

/** A fault of the request that was found after its head. */
export function requestFailure(refusal: Refusal): Failure {
  return { ended: refusal.status === 408 ? "timeout" : "refused", refusal };
}

/** No attempt was made. */
export function refusedWith(refusal: Refusal): Failure {
  return { ended: "refused", refusal };
}

/** The request is not sent again. Its service existed when it was sent, so it is never reported as unknown. */
export function refusedAgain(refusal: Refusal): Failure {
  return { ended: "origin_reset", refusal: refusal.status === 404 ? refusals.PN_TUNNEL_OFFLINE : refusal };
}
