import type { StatusClass } from "./status-class.js";

/** Counted since the start of the program. */
export interface GatewayTraffic {
  requests: Readonly<Record<StatusClass, number>>;
  /** Body bytes from visitors, and to them. */
  bytes_in: number;
  bytes_out: number;
}

/** Why a target gets no requests while others can; the gateway's own states. */
export const TARGET_STATES = {
  ok: "it gets requests",
  drained: "its weight is 0, so it never gets one",
  unavailable: "a tunnel without a client",
  down: "it accepts no connections",
  circuit_open: "its circuit breaker is open",
  circuit_half_open: "requests test whether its circuit breaker closes",
  unhealthy: "it fails its health checks",
  ejected: "its requests have failed, or took much longer than those to other targets",
  suspect: "a tunnel whose client may be cut off",
} as const;
export type GatewayTargetState = keyof typeof TARGET_STATES;

export interface GatewayTargetReport {
  /** Its host and port, the path of its socket, `tunnel://name`, or `files` and the path of a folder. */
  target: string;
  state: GatewayTargetState;
  /** Requests in progress, of all routes. */
  active: number;
  /** Finished requests, of all routes, in the last 10 seconds. */
  requests_per_second: number;
  weight: number;
  /** Until its responses begin, a moving average; null if that is not known. */
  latency_ms: number | null;
  /** The last failed request, with its time, or the health check that fails now; null if there is none. */
  last_failure: { reason: string; time: string | null } | null;
}

export interface GatewayRouteReport extends GatewayTraffic {
  route: string;
  action: "forward" | "files" | "redirect" | "respond";
  targets: readonly GatewayTargetReport[];
}

/** The gateway of this process. */
export interface GatewayReport {
  /** `host:port`. */
  address: string;
  /** Null without HTTPS. */
  secure_address: string | null;
  /** Open connections of visitors. */
  connections: number;
  /** Lines of the access logs since the start, and those of them that could not be written; null without logs. */
  access_log: { lines: number; dropped: number } | null;
  /** The routes that are served now. */
  routes: readonly GatewayRouteReport[];
  /** The traffic of all targets, including removed ones. Beyond a limit it is summed up as `_other`. */
  targets: (GatewayTraffic & { target: string })[];
  /** The traffic of all routes, including removed ones. Beyond a limit it is summed up as `_other`. */
  all_routes: (GatewayTraffic & { route: string })[];
}
