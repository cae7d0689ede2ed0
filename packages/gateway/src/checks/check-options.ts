/** Times are in milliseconds. */
interface CheckTimes {
  /** Between the beginnings of two checks of a target. */
  readonly interval: number;
  /** For one check. */
  readonly timeout: number;
  /** Failures in a row after which a healthy target is unhealthy. */
  readonly unhealthyAfter: number;
  /** Successes in a row after which an unhealthy target is healthy. */
  readonly healthyAfter: number;
}

/** A request, whose response must have one of some statuses. */
export interface HttpCheckOptions extends CheckTimes {
  readonly kind: "http";
  readonly method: "GET" | "HEAD";
  /** Path and query. */
  readonly path: string;
  /** Host of the request. Default: that of the target. */
  readonly host?: string | undefined;
  readonly statuses: readonly number[];
  /** A text that the body must contain. Default: the body is not read. */
  readonly contains?: string | undefined;
}

/** A WebSocket, on which a ping must be answered. */
export interface WebSocketCheckOptions extends CheckTimes {
  readonly kind: "websocket";
  readonly path: string;
  readonly host?: string | undefined;
  /** The payload of the ping: at most 125 bytes. */
  readonly message: string;
}

/** A connection. */
export interface TcpCheckOptions extends CheckTimes {
  readonly kind: "tcp";
}

export type CheckOptions = HttpCheckOptions | WebSocketCheckOptions | TcpCheckOptions;
