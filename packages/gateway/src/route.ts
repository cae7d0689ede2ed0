import type { Socket } from "node:net";
import type { Refusal, RequestHead } from "./http/index.js";
import type { AttemptOutcome, RetryPolicy } from "./upstream/attempt.js";
import type { Pool } from "./upstream/pool.js";
import type { ConnectionInfo } from "./visitor/connection-info.js";

/**
 * Where a request goes: to a pool of targets, to a response of the gateway's own, or with its whole connection to
 * another server.
 */
export type Route = UpstreamRoute | RefusalRoute | RespondRoute | DelegateRoute;

export interface UpstreamRoute {
  kind: "upstream";
  pool: Pool;
  /** The Host that the origin is sent; undefined: the visitor's. */
  hostHeader: string | undefined;
  /** Decides whether a request is sent a second time. Default: `retrySafely`. */
  retry?: RetryPolicy;
  /** Called at the end of every attempt. `status` is that of the response; 0 while no head of one has come. */
  onAttempt?(outcome: AttemptOutcome, status: number): void;
  /** Called when a request to this route is over. Read from `request` what is needed during the call: it is reused. */
  onFinished(request: FinishedRequest): void;
}

export interface RefusalRoute {
  kind: "refusal";
  refusal: Refusal;
}

/** A response of the gateway's own that refuses nothing: a redirect. */
export interface RespondRoute {
  kind: "respond";
  /** Status and text. */
  page: Refusal;
  /** The Location field. */
  location: string;
}

export interface DelegateRoute {
  kind: "delegate";
  /** Takes the connection. The bytes of this request's head are still unread in it. */
  take(socket: Socket): void;
}

/** A request and how it ended. */
export interface FinishedRequest {
  readonly id: string;
  readonly method: string;
  /** Path and query, as they came. */
  readonly path: string;
  /** The response's status; 499 when the visitor left before a response began. */
  readonly status: number;
  /** When the request's head had been read, in milliseconds of `performance.now()`. */
  readonly startedAt: number;
  /** Body bytes from the visitor, and to it. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** The visitor's IP address. */
  readonly address: string;
}

/** Chooses the route of a request by its head, and by how its connection came. */
export type Router = (head: RequestHead, connection: ConnectionInfo) => Route;
