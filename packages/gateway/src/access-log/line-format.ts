import type { FinishedRequest } from "../route.js";

/** What lines show. Default: everything. */
export interface ShownFields {
  /** The ids of requests and traces. */
  readonly ids?: boolean;
  /** Durations and sizes. */
  readonly figures?: boolean;
  /** The addresses of visitors. */
  readonly visitors?: boolean;
  /** The requested hosts. */
  readonly hosts?: boolean;
  /** The User-Agent. */
  readonly userAgents?: boolean;
}

/** Where a request went. */
export interface LoggedPlace {
  /** The name of the route, or of the tunnel; undefined: no route took it. */
  readonly route?: string | undefined;
  /** The name of the target; undefined: the request reached none. */
  readonly target?: string | undefined;
}

/**
 * Formats a request as a line without its end.
 * @param ownBytes the body bytes of the page, if the gateway itself responded
 * @param time when it was over, in milliseconds since 1970
 */
export type LineFormat = (request: FinishedRequest, ownBytes: number, place: LoggedPlace, time: number) => string;
