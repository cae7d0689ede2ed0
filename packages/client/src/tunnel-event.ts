import type { ErrorCode, RequestRecord, RequestTotals } from "@postern/protocol";
import type { LocalState } from "./local/local-monitor.js";
import type { DataPlaneState } from "./probe/data-plane.js";

/** A change of a token. */
export type TokenChange =
  | { state: "renewed"; expires_in_ms?: number }
  /** `delay_ms` is the time until the next attempt; absent when the client does not retry by itself. */
  | { state: "failed"; code: ErrorCode; delay_ms?: number }
  | { state: "expiring"; expires_in_ms: number };

/** The clients that serve the name together, this one included, and how they share the requests. */
export interface GroupState {
  members: number;
  strategy: string;
}

/** A change that is neither a request nor about a connection to the server. */
export type StatusChange =
  /** `error` is the reason while `data_plane` is `failing`. */
  | { data_plane: DataPlaneState; error?: string; local?: undefined; suggestion?: undefined; group?: undefined }
  /** The local service accepts connections again, or for the first time. `before` is its former state. */
  | { local: "ok"; before: LocalState; data_plane?: undefined; suggestion?: undefined; group?: undefined }
  /** A check found no local service. When a visitor's connection fails, that is an `error` event with the code. */
  | {
      local: "failing";
      code: ErrorCode;
      error: string;
      data_plane?: undefined;
      suggestion?: undefined;
      group?: undefined;
    }
  /** The local service refuses requests because of their Host; its own address as Host would help. */
  | {
      suggestion: "host_header_rewrite";
      software: string;
      data_plane?: undefined;
      local?: undefined;
      group?: undefined;
    }
  /** The clients that serve the name together have changed. */
  | { group: GroupState; data_plane?: undefined; local?: undefined; suggestion?: undefined };

/** The data of each type of event. Durations are in milliseconds; `server` is the host and port of the server. */
export interface TunnelEventData {
  connection_attempt: { server: string };
  connection_success: { server: string };
  /**
   * With `server`, an attempt to connect failed. With `others`, no attempt failed: a session broke while this many
   * other sessions serve the tunnel.
   */
  connection_failure: { code: ErrorCode; retryable: boolean } & (
    { server: string; others?: undefined } | { others: number; server?: undefined }
  );
  authentication_success: { server: string };
  authentication_failure: { code: ErrorCode; retryable: boolean; server: string };
  /**
   * `members`, for a client that joins others: the number of clients that serve the name then, this one included.
   * `strategy`: how they share the requests; absent at older servers.
   * `access`: for each kind of access policy that the server enforces, a few words; absent if everyone is admitted.
   */
  tunnel_established: {
    public_url: string;
    tunnel_id: string;
    local: string;
    members?: number;
    strategy?: string;
    access?: Record<string, string>;
  };
  tunnel_closed: { code: ErrorCode; public_url: string };
  /**
   * One request. Beyond the requests per second that the server lists, 50 by default, the others are only counted:
   * `omitted`, and `totals` with sums over them unless the server is older.
   */
  http_request: RequestData | OmittedData;
  /** The round trip of a heartbeat. */
  pong: { latency_ms: number };
  status_update: StatusChange;
  token_refresh: TokenChange;
  /** A retry is scheduled: the number of retries in a row, and the delay before this one. */
  reconnection: { attempt: number; delay_ms: number };
  error: { code: ErrorCode };
}

/** Requests that are only counted. */
export type OmittedData = { omitted: number; totals?: RequestTotals };

/** A RequestRecord as the data of an event. */
export type RequestData = { [Field in keyof RequestRecord]: RequestRecord[Field] } & { omitted?: undefined };

export type TunnelEventType = keyof TunnelEventData;

/** One event, as `--json` prints it. `type` determines the fields of `data`. */
export type TunnelEvent = { [Type in TunnelEventType]: TunnelEventOf<Type> }[TunnelEventType];

export interface TunnelEventOf<Type extends TunnelEventType> {
  /** ISO 8601. */
  time: string;
  type: Type;
  /** The tunnel's label. */
  endpoint: string;
  /** For people. */
  message: string;
  data: TunnelEventData[Type];
}
