import type { Socket } from "node:net";
import type { Arrival } from "./visitor/connection-info.js";
import type { RequestHead, Refusal } from "./http/index.js";
import type { StreamPool } from "./upstream/idle-streams.js";

/** Where a request goes: to an upstream, nowhere, or with its whole connection to somebody else. */
export type Route = UpstreamRoute | RefusalRoute | HandOverRoute;

export interface UpstreamRoute {
  kind: "upstream";
  pool: StreamPool;
  /** What the origin sees as Host; undefined: what the visitor sent. */
  hostHeader: string | undefined;
  /** A request to this route is over, answered or not. Ask of `request` what is needed at once: it is reused. */
  onFinished(request: FinishedRequest): void;
}

export interface RefusalRoute {
  kind: "refusal";
  refusal: Refusal;
  /** Where the visitor should go instead. */
  location?: string;
}

export interface HandOverRoute {
  kind: "hand over";
  /** Takes the connection, with the head in question still unread in it. */
  take(socket: Socket): void;
}

/** A request and how it ended. */
export interface FinishedRequest {
  readonly id: string;
  readonly method: string;
  /** Path and query, as they came. */
  readonly path: string;
  /** What the visitor was answered; 499 when it left before an answer began. */
  readonly status: number;
  /** When its head had been read, in milliseconds of `performance.now()`. */
  readonly startedAt: number;
  /** Body bytes from the visitor, and to it. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** The visitor's address. */
  readonly address: string;
}

/** Chooses the route of a request by its head, and by how its connection came. */
export type Router = (head: RequestHead, arrival: Arrival) => Route;
