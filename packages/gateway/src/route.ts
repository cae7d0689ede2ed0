import type { Socket } from "node:net";
import type { StickyCookie } from "./balance/sticky-cookie.js";
import type { ExchangeEnd } from "./exchange/exchange-end.js";
import type { FileRoot } from "./files/file-root.js";
import type { Notice, Refusal, Reply, RequestHead } from "./http/index.js";
import type { RouteLimits } from "./limits.js";
import type { Steps } from "./middleware/chain/steps.js";
import type { ResponseRepair } from "./repair/index.js";
import type { AttemptOutcome, RetryPolicy } from "./upstream/attempt.js";
import type { Pool } from "./upstream/pool.js";
import type { Upstream } from "./upstream/upstream.js";
import type { ConnectionInfo } from "./visitor/connection-info.js";

/**
 * The destination of a request: a pool of targets, files of a folder, a response of the gateway itself, or another
 * server that receives the whole connection.
 */
export type Route = UpstreamRoute | FilesRoute | RefusalRoute | RespondRoute | DelegateRoute;

/** A route whose requests pass steps before they are served. */
export type GuardedRoute = (UpstreamRoute | FilesRoute | RespondRoute) & { readonly steps: Steps };

/** As a `hostHeader`: the authority of the target that the request is sent to. Every text is the name of some host. */
export const TARGET_HOST = Symbol("the target's own authority");

/** Changes the path of requests on their way to a target. A route has one for all its requests. */
export interface PathEdit {
  /**
   * @param path path and query, as received: bytes in Latin-1. Never `*`.
   * @param basePath the path of the target's URL; empty if that is `/`
   * @returns path and query for the target; undefined if a reader of the path could leave the route's prefix or
   *   `basePath`: the request is refused
   */
  apply(path: string, basePath: string): string | undefined;
}

/** Where finished requests are logged. */
export interface AccessLogger {
  /**
   * Logs a request that is over, with its response. `request` is reused, so read it during the call.
   * @param ownBytes the body bytes of the page, if the gateway itself responded
   */
  add(request: FinishedRequest, ownBytes: number): void;
}

/** What all routes may have. */
interface LoggedRoute {
  /** Default: that of the gateway. Null: its requests are not logged. */
  readonly accessLog?: AccessLogger | null | undefined;
}

export interface UpstreamRoute extends LoggedRoute {
  kind: "upstream";
  /** Default: every request is admitted. */
  steps?: Steps | undefined;
  pool: Pool;
  /**
   * The Host that is sent to the origin; undefined: the visitor's. With TARGET_HOST a target without an authority gets
   * the visitor's.
   */
  hostHeader: string | typeof TARGET_HOST | undefined;
  /** Default: path and query are sent as received, whatever the target's base path. */
  pathEdit?: PathEdit | undefined;
  /** Default: the gateway's, and no idle limit. */
  limits?: RouteLimits | undefined;
  /** The policy of the pool, if it is one that needs a cookie. */
  sticky?: StickyCookie | undefined;
  /** Decides whether a request is sent a second time. Default: `retrySafely`. */
  retry?: RetryPolicy;
  /** Called at the end of every attempt. `status` is the response's status; 0 if no final head arrived. */
  onAttempt?(outcome: AttemptOutcome, status: number): void;
  /** Called when a request to this route is over. `request` is reused, so read it during the call. */
  onFinished(request: FinishedRequest): void;
}

/** Files of a folder. */
export interface FilesRoute extends LoggedRoute {
  kind: "files";
  /** Default: every request is admitted. */
  steps?: Steps | undefined;
  root: FileRoot;
  /** Default: the path in the folder is the path of the request. */
  pathEdit?: PathEdit | undefined;
  /** Default: the gateway's. */
  limits?: RouteLimits | undefined;
  /** Called when a request to this route is over. `request` is reused, so read it during the call. */
  onFinished(request: FinishedRequest): void;
}

export interface RefusalRoute extends LoggedRoute {
  kind: "refusal";
  steps?: undefined;
  refusal: Refusal;
  /** Called when the response has been written. */
  onFinished?(request: FinishedRequest): void;
}

/** A response of the gateway that is not a refusal: a redirect, or a configured one. */
export interface RespondRoute extends LoggedRoute {
  kind: "respond";
  /** Default: every request is admitted. */
  steps?: Steps | undefined;
  /** Status and text; a notice has status 200. */
  page: Refusal | Notice | Reply;
  /** The Location field. Default: none. */
  location?: string | undefined;
  /** Called when the response has been written. */
  onFinished?(request: FinishedRequest): void;
}

export interface DelegateRoute {
  kind: "delegate";
  steps?: undefined;
  /** Receives the connection. Reads from `socket` begin with this request's head. */
  take(socket: Socket): void;
}

/** A request and how it ended. */
export interface FinishedRequest {
  readonly id: string;
  readonly method: string;
  /** Path and query, as received. */
  readonly path: string;
  /** The request line, as received. */
  readonly line: string;
  readonly protocol: "HTTP/1.0" | "HTTP/1.1";
  /** The response's status, also where that response broke off; 499 when the visitor left before a response began. */
  readonly status: number;
  /** When the request's head had been read, in milliseconds of `performance.now()`. */
  readonly startedAt: number;
  /** When it was over, by the same clock. */
  readonly endedAt: number;
  /** Body bytes from the visitor, and to it. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Where the last attempt was sent to; undefined if there was none. */
  readonly upstream: Upstream | undefined;
  /** The visitor's IP address. */
  readonly address: string;
  /** The host that the visitor requested, without a port. */
  readonly host: string;
  /** The User-Agent field; empty unless there is exactly one. */
  readonly userAgent: string;
  /** The Referer field; empty unless there is exactly one. */
  readonly referer: string;
  /** Who the visitor is, according to the steps of the route; undefined: unknown. */
  readonly user: string | undefined;
  /** The id of its trace (W3C Trace Context); empty without one. */
  readonly traceId: string;
  readonly ended: ExchangeEnd;
  /**
   * The code of the error that ended it. The visitor received it if no response had begun. Undefined when the response
   * was complete, or when the visitor left or did not read it.
   */
  readonly code: string | undefined;
  /** The code of the fault in a response that is not valid HTTP. */
  readonly flaw: string | undefined;
  /** What was repaired in the response. */
  readonly repairs: ReadonlySet<ResponseRepair>;
}

/** Selects the route of a request by its head, its connection, and the visitor's IP address. */
export type Router = (head: RequestHead, connection: ConnectionInfo, address: string) => Route;
