import type { ClientTls } from "@postern/net";
import type { Policies } from "@postern/protocol";
import type { InProcessService } from "./local/in-process-service.js";
import type { LocalTls } from "./local/local-address.js";
import type { DataPlaneState } from "./probe/data-plane.js";
import type { ConnectionState } from "./session/connection-state.js";
import type { EndpointReport } from "./status/status-document.js";
import type { TunnelEvent } from "./tunnel-event.js";

/**
 * The options of `connect`. There must be exactly one credential: `apiKey`, or `token` and `tokenRefresh`, or a
 * certificate in `tls`.
 */
export interface ConnectOptions {
  /**
   * The server's base domain, for example `https://tunnel.example.com`. `wss://` means `https://`, and `ws://` means
   * `http://`.
   */
  server: string;
  /** An API key to log in with. */
  apiKey?: string;
  /** A token to log in with: JWT or opaque, at most 3 KiB. With `tokenRefresh`, the first token. */
  token?: string;
  /** Where to fetch new tokens. A new token replaces the old one in the open session; requests are not interrupted. */
  tokenRefresh?: TokenRefreshOptions;
  /**
   * A user name to send with the login. It is not verified; a server may use it to name a tunnel that requests no
   * subdomain.
   */
  user?: string;
  /** The local service: a port (3000), `host:port`, an `http://` or `https://` origin, or a service in this process. */
  local: string | number | InProcessService;
  /**
   * How to verify the certificate of an `https://` local service: `verify`, default true, and `ca`, PEM, default Node's
   * CAs. A certificate that `ca` contains itself is accepted for any name.
   */
  localTls?: LocalTls;
  /** The subdomain to request. Default: the server chooses one. */
  subdomain?: string;
  /**
   * The Host that the local service receives: `rewrite` for its own address, or a fixed value. Default: the visitor's.
   */
  hostHeader?: string;
  /**
   * The status that visitors get while no client serves the name: 503, or 404 as for a name that nobody holds. Default
   * 503.
   */
  offlineStatus?: 404 | 503;
  /**
   * Serve `subdomain` together with the clients of the same owner that serve it already, instead of replacing them. The
   * server distributes the requests among them. The client fails at servers that are too old for it, or forbid it.
   * Default false.
   */
  join?: boolean;
  /**
   * With `join`: the share of the requests relative to the other clients, a whole number from 0 to 65,535, whatever the
   * number of sessions. 0: no requests. Default 1.
   */
  weight?: number;
  /**
   * With `join`: how the server distributes the requests among the clients, e.g. `least_time`. The server refuses
   * what its operator does not allow, and another strategy than the other clients have asked for. Default: theirs, or
   * that of the operator.
   */
  strategy?: string;
  /**
   * Who may use the tunnel. The server checks every request before anything of it reaches the client. The tunnel is not
   * opened at a server that cannot enforce all of it. Default: everyone, as far as the server allows.
   */
  access?: Policies;
  /** The label of the tunnel in events. Default: the subdomain, else `default`. */
  name?: string;
  /** Additional HTTP headers of the WebSocket handshake, for proxies between client and server. */
  headers?: Record<string, string>;
  /**
   * An HTTP proxy for the connection to the server, for example `http://me:secret@proxy.example.com:3128`, or
   * `https://` for a proxy with TLS. To use a different proxy for each server, give an object whose keys are the
   * servers, written exactly as in `server` and `fallbacks`. Default: none; `proxyFor` reads the environment. Local
   * services are dialled directly.
   */
  proxy?: string | Readonly<Record<string, string>>;
  /** How to verify the server, and the client's certificate. */
  tls?: ClientTls;
  /**
   * Servers to use while `server` is down, in this order. The tunnel returns to `server` after `server` has been up for
   * a while.
   */
  fallbacks?: string[];
  /** The number of sessions that serve the tunnel together, 1 to 16. Default 1. */
  connections?: number;
  /** When to reconnect after a session was lost. */
  reconnection?: Partial<ReconnectionOptions>;
  /**
   * Timeout of one attempt to connect and log in, in milliseconds. Once the server, or a proxy in front of it, has
   * accepted the TCP connection, half of it remains. Default 30,000.
   */
  connectionTimeout?: number;
  /** Milliseconds between two heartbeats, at most 10,000. Two missed heartbeats end the session. Default 10,000. */
  keepaliveInterval?: number;
  /**
   * Milliseconds between two probes of the public address; the first is sent one to two seconds after connecting.
   * Default 60,000.
   */
  healthInterval?: number;
  /** The largest number of connections to the local service. Visitors beyond it get 503. Default 1,024. */
  maxConnections?: number;
  /** Aborting it closes the tunnel, even while the tunnel is being opened. */
  signal?: AbortSignal;
  /** Called with every event from the first attempt on, even before `connect` resolves. */
  onEvent?: (event: TunnelEvent) => void;
}

/** The OAuth 2.0 refresh grant (RFC 6749, section 6). */
export interface TokenRefreshOptions {
  /** The token endpoint. */
  url: string;
  refreshToken: string;
  clientId?: string;
  /** Sent with `clientId` by HTTP Basic authentication. */
  clientSecret?: string;
  /** Milliseconds between two refreshes when the lifetime of a token is not known. Default 3,600,000. */
  interval?: number;
  /** An HTTP proxy for `url`, as in `ConnectOptions.proxy`. Default: none. */
  proxy?: string;
  /**
   * A file that stores the current refresh token for the next start, if the issuer rotates it. Default: it is kept only
   * in memory.
   */
  stateFile?: string;
}

export interface ReconnectionOptions {
  /** Default true. */
  enabled: boolean;
  /**
   * The longest delay before the first retry, in milliseconds: the actual delay is a random part of it. Default 1,000.
   */
  initialDelay: number;
  /** The longest delay in milliseconds. Default 20,000, or `initialDelay` if that is longer. */
  maxDelay: number;
  /** The factor by which the delay grows. Default 2. */
  backoffMultiplier: number;
  /**
   * Retries in a row before the tunnel fails. A session that lasts 5 seconds restarts the count, or 30 seconds if the
   * server ended it. 0 means no limit. Default 0.
   */
  maxAttempts: number;
  /** The share of each later delay that is random, 0 to 1. Default 0.5. */
  jitterFactor: number;
}

/**
 * An open tunnel. Emits `event` (TunnelEvent), `state` (ConnectionState) and `closed` (an Error, or undefined after
 * `close`).
 */
export interface TunnelHandle {
  readonly url: string;
  readonly tunnelId: string;
  readonly state: ConnectionState;
  /** Whether requests reach the client, according to its last probe; `unknown` before the first result. */
  readonly dataPlane: DataPlaneState;
  /** The current state, health and metrics; docs/metrics.md describes each field. */
  status(): EndpointReport;
  on(event: "event", listener: (event: TunnelEvent) => void): this;
  on(event: "state", listener: (state: ConnectionState) => void): this;
  on(event: "closed", listener: (error?: Error) => void): this;
  /**
   * All states from now on. A reader that falls behind by more than 1,000 states misses the oldest ones; `missed`
   * counts them.
   */
  states(): AsyncIterableIterator<ConnectionState, undefined> & { readonly missed: number };
  /** All events from now on, in the same way as `states`. */
  events(): AsyncIterableIterator<TunnelEvent, undefined> & { readonly missed: number };
  /** Lets open requests finish for at most 30 s, then closes the tunnel. Can be called twice. */
  close(): Promise<void>;
}
