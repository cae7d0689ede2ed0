import type { Logger } from "pino";
import {
  DEFAULT_GATEWAY_LIMITS,
  type GatewayLimits,
  type RateRuleOptions,
  type Strategy,
  type TracingOptions,
} from "@postern/gateway";
import type { AccessLog, AccessLogFigures } from "@postern/gateway/access-log";
import type { Certificate, ClientCa, TlsPolicy } from "@postern/net";
import type { NameRules } from "./names/name.js";
import type { ProviderOptions } from "@postern/gateway/policies";
import type { PolicyOptions } from "./policies/tunnel-policies.js";
import type { GroupOptions } from "./tunnels/group-route.js";
import type { NamedUpstream } from "./tunnels/named-upstream.js";
import type { OwnerLimits } from "./sessions/owners.js";
import type { TokenOptions } from "./login/tokens.js";

/** An API key. `owner` is the owner of the names that clients bind with it. */
export interface ApiKey {
  owner: string;
  key: string;
}

/** The server's own TLS. */
export interface ServerTls {
  /** At least one. The first is used for clients without SNI, and for names that no other certificate matches. */
  certificates: Certificate[];
  policy?: TlsPolicy;
  /**
   * Address of a separate TLS listener, `host:port`; `listen` then accepts HTTP. Default: `listen` uses TLS, and there
   * is no HTTP.
   */
  listen?: string;
  /** Redirect visitors from HTTP to HTTPS. Default true. */
  redirect?: boolean;
  /** Paths that are served over HTTP, including everything below them. Default: none. */
  redirectExempt?: readonly string[];
  /**
   * The CA of clients that log in by certificate. The server requests certificates on the base domain. Default: no such
   * logins.
   */
  clientCa?: ClientCa;
}

/** The metrics page, in the text format of Prometheus. */
export interface MetricsOptions {
  path: string;
  /** The bearer token that the page requires. Default: none, and only the server's own machine may read the page. */
  token?: string | undefined;
}

export interface ServerOptions {
  /** Address for visitors and clients, `host:port`; port 0 selects a free port. Default 127.0.0.1:8080. */
  listen?: string;
  /** The base domain: its subdomains are tunnels, and the domain itself is the server. Default localhost. */
  domain?: string;
  /**
   * URL of the base domain at a TLS proxy in front of the server, for instance `https://tunnel.example.com`. It
   * determines the URLs of tunnels and X-Forwarded-Proto. Default: the domain with the scheme and port of the listener.
   */
  publicUrl?: string;
  tls?: ServerTls;
  /** Accepted API keys. At least one, unless `tokens` or `tls.clientCa` is given. */
  apiKeys?: ApiKey[];
  /** Accepted tokens. Default: none. */
  tokens?: TokenOptions;
  log: Logger;
  /** Logger of finished requests. Default: `log`. */
  requestLog?: Logger;
  /** The access log, and what happened to its lines. Default: none. */
  accessLog?: { readonly log: AccessLog; readonly figures: () => AccessLogFigures } | undefined;
  /** Give requests to tunnels a trace (W3C Trace Context). Default: fields of traces pass like all others. */
  tracing?: TracingOptions | undefined;
  /** Log clients and tunnels that connect and disconnect. Problems are always logged. Default true. */
  logTunnelEvents?: boolean;
  /** Log the state of the server once a minute and when it stops. Default false. */
  logStatus?: boolean;
  /**
   * Proxies in front of the server, as IP addresses or networks (`10.0.0.0/8`). Their X-Forwarded-For and
   * X-Forwarded-Proto give the visitor's address and scheme. Default: none.
   */
  trustedProxies?: string[];
  /**
   * Fields that these proxies may pass on to services, for instance X-Forwarded-User. They are removed from all other
   * requests. Default: none.
   */
  trustedProxyFields?: string[];
  /** Add Via to requests (RFC 9110, section 7.6.3). Default false. */
  via?: boolean;
  /**
   * What happens to a response's cookies for the base domain or a domain above it, which all tunnels would receive.
   * `allow` only if all clients belong to one owner. Default `drop`.
   */
  parentDomainCookies?: "drop" | "allow";
  /** Maximum size of a request body, in bytes; larger bodies get 413. Default 0: unlimited. */
  maxRequestSize?: number;
  /**
   * Maximum time from a complete request to the start of the response, in milliseconds; then visitors get 504. Default
   * 0: unlimited.
   */
  requestTimeout?: number;
  /**
   * Maximum time for the head of a request from its first byte, in milliseconds; then visitors get 408. Default 10,000.
   */
  headTimeout?: number;
  /**
   * Whether requests to tunnels get 400 (PN_TUNNEL_PATH) if their path contains a segment `..`, raw or encoded, or an
   * encoded control character. Default false: every path passes unchanged.
   */
  blockSuspiciousPaths?: boolean;
  /**
   * Milliseconds without data until the kernel probes whether a visitor or a client is still connected; 0: never.
   * Default 60,000.
   */
  tcpKeepAlive?: number;
  /** How long a visitor's connection may be idle, in milliseconds. Default 75,000. */
  idleTimeout?: number;
  /** Maximum size of the head of a request or response, in bytes, and of its trailers. Default 32,768. */
  headBytes?: number;
  /** Maximum number of fields of a head, and of trailers. Default 200. */
  headFields?: number;
  /**
   * Maximum time without a byte of a request body until the response begins, in milliseconds; then visitors get 408.
   * Default 60,000. 0: unlimited.
   */
  bodyTimeout?: number;
  /**
   * Minimum rate of a request body, in bytes per second; a body that is slower for `bodyTimeout` gets 408. Default 0:
   * every byte restarts `bodyTimeout`.
   */
  minBodyRate?: number;
  /**
   * How long a visitor may read nothing of a waiting response, and a service nothing of a waiting request, in
   * milliseconds. Default 300,000.
   */
  stallTimeout?: number;
  /** Maximum number of open streams of a session; further requests get 503. Default 1,024. */
  streamsPerSession?: number;
  /**
   * Bytes of a request body that are kept until the response begins, to send the request again. Default 65,536. 0: a
   * request with a body is sent only once.
   */
  replayBody?: number;
  /** Maximum number of interim responses (1xx) to a request; then visitors get 502. Default 16. */
  interimResponses?: number;
  /** Path of the health page on the base domain; false: no page. Default /health. */
  health?: string | false;
  /** The metrics page on the base domain. Default: no page, and nothing is counted. */
  metrics?: MetricsOptions;
  /** Rules for names beyond their form. Default: DEFAULT_NAME_RULES. */
  names?: Partial<NameRules>;
  /** Who may use the tunnels: what clients may ask for, and what holds for all of them. */
  policies?: PolicyOptions;
  /**
   * The OpenID provider of visitors. It sends them back to `/.postern/oidc/callback` of the base domain. Default:
   * none, so that clients cannot ask for logins.
   */
  oidc?: ProviderOptions | undefined;
  /** Maximum number of tunnels of all clients. Default 10,000. */
  maxTunnels?: number;
  /**
   * Requests of a tunnel per second that are logged one by one and reported to its client; further ones are only
   * counted. Default 50.
   */
  requestRecords?: number;
  /** Names that several clients of an owner serve together. Default: DEFAULT_GROUP_OPTIONS. */
  groups?: Partial<GroupOptions>;
  /** Whether clients may join those that serve a name. Default true. */
  mayJoin?: boolean;
  /** Strategies that clients may ask for when they join, besides that of `groups`. Default: all that need no key. */
  groupStrategies?: readonly Strategy[];
  /** Limits of each owner. Default: DEFAULT_OWNER_LIMITS. */
  owners?: Partial<OwnerLimits>;
  /** Limits on the requests of visitors to each tunnel; visitors get 429 beyond them. Default: none. */
  tunnelRate?: RateRuleOptions;
  /** Maximum bytes per second of each tunnel, in each direction. Faster transfers are slowed down. Default: any. */
  tunnelBandwidth?: number;
  /** Maximum time for requests in progress at `stop()`, in milliseconds. Default 30,000. */
  drainTimeout?: number;
}

export interface Server {
  /** Address of the listener, for instance `127.0.0.1:8080`. */
  readonly address: string;
  /** Address of the TLS listener, if it is separate from `address`. */
  readonly secureAddress: string | undefined;
  /** URL of the base domain, for instance `http://localhost:8080`. */
  readonly url: string;
  /** Accepts only these keys from now on. Sessions with other keys end. */
  replaceApiKeys(keys: readonly ApiKey[]): void;
  /** Whether the server itself uses TLS. */
  readonly hasTls: boolean;
  /**
   * Uses these certificates for new connections. Sessions whose client certificate is no longer accepted end. Without
   * `clientCa`, no client certificate is accepted.
   * @throws RangeError when the server has no TLS; TlsError when a certificate cannot be used.
   */
  replaceCertificates(certificates: readonly Certificate[], clientCa?: ClientCa): void;
  /**
   * Uses these policies from now on. Tunnels with policies that clients may no longer ask for end.
   * @throws RangeError for an option that is not valid, and then nothing changes.
   */
  replacePolicies(options: PolicyOptions): void;
  /**
   * The tunnels of a name as a target for a gateway in the same process. The name may have no client now.
   * @param name a subdomain of the base domain
   */
  upstream(name: string): NamedUpstream;
  /** Refuses new work, lets requests in progress finish, then closes. Can be called twice. */
  stop(): Promise<void>;
}

/** The limits of the gateway that the options set. */
export function gatewayLimits(options: ServerOptions): GatewayLimits {
  const limits = DEFAULT_GATEWAY_LIMITS;
  const { headBytes = limits.headSize.bytes, headFields = limits.headSize.fields } = options;
  return {
    headSize: { bytes: headBytes, fields: headFields },
    idle: options.idleTimeout ?? limits.idle,
    head: options.headTimeout ?? limits.head,
    body: options.maxRequestSize ?? limits.body,
    bodyGrace: options.bodyTimeout ?? limits.bodyGrace,
    bodyRate: options.minBodyRate ?? limits.bodyRate,
    answer: options.requestTimeout ?? limits.answer,
    stall: options.stallTimeout ?? limits.stall,
    linger: limits.linger,
    interim: options.interimResponses ?? limits.interim,
    replay: options.replayBody ?? limits.replay,
  };
}
