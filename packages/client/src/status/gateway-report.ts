import type { StatusClass } from "./status-class.js";

/** Counted since the start of the program. */
export interface GatewayTraffic {
  requests: Readonly<Record<StatusClass, number>>;
  /** Body bytes from visitors, and to them. */
  bytes_in: number;
  bytes_out: number;
}

export interface GatewayTargetReport {
  /** Its host and port, the path of its socket, `tunnel://name`, or `files` and the path of a folder. */
  target: string;
  /**
   * `down`: it accepts no connections; `suspect`: a tunnel whose client may be cut off; `unavailable`: a tunnel without
   * a client.
   */
  state: "ok" | "suspect" | "down" | "unavailable";
  /** Requests in progress, of all routes. */
  active: number;
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
  /** The routes that are served now. */
  routes: readonly GatewayRouteReport[];
  /** The traffic of all targets, including removed ones. Beyond a limit it is summed up as `_other`. */
  targets: (GatewayTraffic & { target: string })[];
  /** The traffic of all routes, including removed ones. Beyond a limit it is summed up as `_other`. */
  all_routes: (GatewayTraffic & { route: string })[];
}
