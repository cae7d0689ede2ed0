import type { ConnectionState } from "./session/connection-state.js";
import type { EndpointReport } from "./status/status-document.js";
import type { ClientTls } from "@postern/net";
import type { DataPlaneState } from "./probe/data-plane.js";

/** What `connect` takes. */
export interface ConnectOptions {
  /** The server, for instance `https://tunnel.example.com` (`wss://`, `http://` and `ws://` are the same address said otherwise). */
  server: string;
  /** The credential: an API key, or else `token` or `tokenRefresh`. */
  apiKey?: string;
  /** A token, JWT or opaque, of 3 KiB at most. With `tokenRefresh`, the first of them. */
  token?: string;
  /** Where new tokens come from. They are passed on over the live session: no request notices. */
  tokenRefresh?: TokenRefreshOptions;
  /** Who the client says it is. It proves nothing; a server may call a tunnel after it that asks for no name. */
  user?: string;
  /** The local service: a port (3000), `host:port`, or an `http://` or `https://` origin. */
  local: string | number;
  /** The wished name; without it the server chooses a pronounceable one. */
  subdomain?: string;
  /** What the local service sees as Host: `rewrite` for the target's own, or a fixed value. Default: what the visitor sent. */
  hostHeader?: string;
  /** A label for events. Default: the subdomain, else `default`. */
  name?: string;
  /** Extra HTTP headers of the WebSocket handshake, for proxies on the way. */
  headers?: Record<string, string>;
  /**
   * An HTTP proxy that the connection to the server goes through, for instance `http://me:secret@proxy.example.com:3128`; `https://`
   * for one that is spoken to by TLS; or those of several servers, by their addresses as they stand in `server` and `fallbacks`. Default:
   * none; `proxyFor` reads the environment. Local services are never reached through it.
   */
  proxy?: string | Readonly<Record<string, string>>;
  /** How the server is trusted, and the client's certificate. */
  tls?: ClientTls;
  /** Servers to turn to, in this order, when `server` cannot be reached. It is gone back to when it has been there for a while. */
  fallbacks?: string[];
  /** Sessions side by side, which serve the tunnel together: 1 to 16. Default 1. */
  connections?: number;
  /** What happens after a drop. */
  reconnection?: Partial<ReconnectionOptions>;
  /** How long one attempt may take, in milliseconds. Default 30,000. */
  connectionTimeout?: number;
  /** Milliseconds between two heartbeats; two that are missed end the session. Default and most 10,000. */
  keepaliveInterval?: number;
  /** Milliseconds between two looks whether requests come through the tunnel; the first comes at once. Default 60,000. */
  healthInterval?: number;
  /** Connections to the local service at once; visitors beyond get 503. Default 1,024. */
  maxConnections?: number;
  /** Ends the tunnel, also while it is still being opened. */
  signal?: AbortSignal;
  /** Hears every event from the first attempt on, before `connect` has returned. */
  onEvent?: (event: TunnelEvent) => void;
}

/** The OAuth 2.0 refresh grant (RFC 6749, section 6). */
export interface TokenRefreshOptions {
  /** The token endpoint. */
  url: string;
  refreshToken: string;
  clientId?: string;
  /** Goes along by HTTP Basic, with `clientId`. */
  clientSecret?: string;
  /** Milliseconds between two refreshes, where nobody says when a token ends. Default 3,600,000. */
  interval?: number;
  /** An HTTP proxy that `url` is reached through, as `ConnectOptions.proxy`. Default: none. */
  proxy?: string;
  /** Keeps a refresh token that took the place of `refreshToken`, for the next start. Default: it is only kept in memory. */
  stateFile?: string;
}

export interface ReconnectionOptions {
  /** Default true. */
  enabled: boolean;
  /** Milliseconds before the first retry; after a drop a random part of it. Default 1,000. */
  initialDelay: number;
  /** The longest pause in milliseconds. Default 300,000. */
  maxDelay: number;
  /** Default 2. */
  backoffMultiplier: number;
  /** Attempts in a row before giving up; a session that has lasted 30 seconds begins a new row. 0 means for ever. Default 0. */
  maxAttempts: number;
  /** Share of each delay that is random, 0 to 1. Default 0.5. */
  jitterFactor: number;
}

export type TunnelEventType =
  | "connection_attempt"
  | "connection_success"
  | "connection_failure"
  | "authentication_success"
  | "authentication_failure"
  | "tunnel_established"
  | "tunnel_closed"
  | "http_request"
  | "pong"
  | "status_update"
  | "token_refresh"
  | "reconnection"
  | "error";

/**
 * One event, as `--json` prints it. The data of an `http_request` is a RequestRecord; above 50 a second requests are only
 * counted: then it is `{ omitted: number }`. A `token_refresh` has a `state`: `renewed`, `failed` or `expiring`.
 * A `connection_failure` has `others` where it is a session that broke while so many others serve the tunnel: no attempt has failed then.
 * A `pong` has `latency_ms`, the round trip of a heartbeat. A `status_update` has a `data_plane`: `ok`, `failing` or `unknown`, and an `error` where it fails.
 */
export interface TunnelEvent {
  /** ISO 8601. */
  time: string;
  type: TunnelEventType;
  endpoint: string;
  /** For people. */
  message: string;
  data: Record<string, unknown>;
}

/** A published service. Events: `event` (every TunnelEvent), `state` (ConnectionState), `closed` (Error or undefined). */
export interface TunnelHandle {
  readonly url: string;
  readonly tunnelId: string;
  readonly state: ConnectionState;
  /** Whether requests come through, as the client's own last one did; `unknown` until one has. */
  readonly dataPlane: DataPlaneState;
  /** State, health and metrics as they are now; docs/metrics.md describes each field. */
  status(): EndpointReport;
  on(event: "event", listener: (event: TunnelEvent) => void): this;
  on(event: "state", listener: (state: ConnectionState) => void): this;
  on(event: "closed", listener: (error?: Error) => void): this;
  /** Every state from now on. A reader that is slower than what it reads misses the oldest of more than 1,000; `missed` counts them. */
  states(): AsyncIterableIterator<ConnectionState, undefined> & { readonly missed: number };
  /** The same for events. */
  events(): AsyncIterableIterator<TunnelEvent, undefined> & { readonly missed: number };
  /** Lets requests in flight finish (30 s at most), then closes. Can be called twice. */
  close(): Promise<void>;
}
