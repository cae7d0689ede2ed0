import type { Certificate, ClientTls, TlsPolicy } from "@postern/net";
import type { BalanceOptions } from "../balance/strategy.js";
import type { CheckOptions } from "../checks/check-options.js";
import type { FilesOptions } from "../files/index.js";
import type { GatewayLimits, RouteLimits } from "../limits.js";
import type { RequestEntry, VisitorFields } from "../records/request-entry.js";
import type { StepOptions } from "../middleware/chain/route-steps.js";
import type { AccessLog, AccessLogOptions } from "../access-log/access-log.js";
import type { TracingOptions } from "../trace/tracing.js";
import type { RouteMatch } from "../routing/index.js";
import type { HealthOptions } from "../upstream/pooled-targets.js";
import type { TargetFailure } from "../upstream/address-upstream.js";
import type { TargetReport } from "../upstream/target-report.js";
import type { TunnelUpstream } from "./tunnel-target.js";

/** A route of a gateway, as data. Two routes with the same content are the same route. */
export interface RouteOptions {
  /** Its name in logs, status and metrics; unique in a gateway. */
  readonly name: string;
  readonly match: RouteMatch;
  /** Whether the pages for monitors, such as /health, take precedence over this route. Default false. */
  readonly afterEndpoints?: boolean;
  /** The log of its requests. Default: that of the gateway. False: they are not logged. */
  readonly accessLog?: AccessLogOptions | false | undefined;
  /** What its requests pass before they are served. Default: nothing. */
  readonly steps?: StepOptions | undefined;
  readonly action: ForwardAction | FilesAction | RedirectAction | RespondAction;
}

/** Sends requests to targets. */
export interface ForwardAction {
  readonly kind: "forward";
  /** At least one. */
  readonly targets: readonly WeightedTarget[];
  /** How the target of a request is chosen. Default: in turn, by weight. */
  readonly balance?: BalanceOptions | undefined;
  /** How requests decide whether a target is used. Default: only by whether it accepts connections. */
  readonly health?: Omit<HealthOptions, "checks"> | undefined;
  /** Health checks of the targets. Default: none. */
  readonly checks?: readonly CheckOptions[] | undefined;
  /** Whether the prefix of the route's path is removed. */
  readonly stripPrefix: boolean;
  /** The path for the target, with `{path}` and `{rest}`. Default: the request's. */
  readonly rewrite?: string | undefined;
  /** Host for the targets: a canonical authority. Default: that of the target. */
  readonly hostHeader?: string | undefined;
  readonly limits: RouteLimits;
}

export interface TargetOptions {
  /** `http://host:port/path`, `https://…`, `unix:/path`, or `tunnel://name/path`. */
  readonly url: string;
  /** Whether the addresses of its host are alternatives of one target, or a target each. Default `one`. */
  readonly resolve?: "one" | "all" | undefined;
  /** Milliseconds for a connection to an address. Default: `TARGET_LIMITS.connect`. */
  readonly connectTimeout?: number | undefined;
  /** How to verify its certificate, and the gateway's own certificate. */
  readonly trust?: ClientTls | undefined;
}

/** A target with its part of the requests to its route. */
export interface WeightedTarget extends TargetOptions {
  /** Relative to the weights of the other targets. 0: it gets no requests. Default 1. */
  readonly weight?: number | undefined;
}

/** Serves the files of a folder. */
export interface FilesAction {
  readonly kind: "files";
  readonly files: FilesOptions;
  /** Whether the prefix of the route's path is removed. */
  readonly stripPrefix: boolean;
  /** The path in the folder, with `{path}` and `{rest}`. Default: the request's. */
  readonly rewrite?: string | undefined;
}

export interface RedirectAction {
  readonly kind: "redirect";
  /** A path or an absolute URL, with `{host}`, `{path}`, `{rest}` and `{query}`. */
  readonly to: string;
  readonly status: 301 | 302 | 307 | 308;
}

export interface RespondAction {
  readonly kind: "respond";
  readonly status: number;
  readonly text: string;
}

/** HTTPS of a gateway. */
export interface GatewayTls {
  /** The address of the TLS listener, `host:port`. */
  readonly listen: string;
  /** At least one. The first is used for clients without SNI, and for names that no other certificate matches. */
  readonly certificates: readonly Certificate[];
  readonly policy?: TlsPolicy;
  /** Redirect visitors from HTTP to HTTPS. Default false. */
  readonly redirect?: boolean;
  /** Paths that are served over HTTP, including everything below them. Default: none. */
  readonly redirectExempt?: readonly string[];
}

/** A finished request, with the route and the target that it went to. */
export interface RoutedEntry extends RequestEntry {
  /** Absent if no route matched. */
  readonly route?: string;
  /** `files` and the path for a folder. Absent if no target was chosen. */
  readonly target?: string;
}

export interface GatewayServiceOptions {
  /**
   * The address for HTTP, `host:port`; port 0 selects a free port. Undefined: the gateway serves only the connections
   * that `accept` gets.
   */
  readonly listen?: string | undefined;
  readonly tls?: GatewayTls | undefined;
  readonly routes: readonly RouteOptions[];
  /** Absolute paths of files that no folder serves, and of folders of which nothing is served. Default: none. */
  readonly secretFiles?: readonly string[];
  /**
   * Returns the absolute paths that a configuration file names, which no folder serves either. It is called with
   * configuration files that are found in a served folder, and must not reject. Default: none.
   */
  readonly namedFiles?: (configuration: string) => Promise<readonly string[]>;
  /** Serve /health and similar paths where no route matches. Default true. */
  readonly serviceEndpoints?: boolean;
  /** The log of requests on routes without a log of their own. Default: none. */
  readonly accessLog?: AccessLogOptions | undefined;
  /** Opens an access log. Default: there is none, also for routes with options of one. */
  readonly openAccessLog?: ((options: AccessLogOptions) => AccessLog) | undefined;
  /** Give requests a trace (W3C Trace Context). Default: fields of traces pass like all others. */
  readonly tracing?: TracingOptions | undefined;
  /** The version that service endpoints show. */
  readonly version: string;
  readonly limits?: Partial<GatewayLimits>;
  /**
   * Proxies in front of the gateway, as IP addresses and networks: their X-Forwarded-For and X-Forwarded-Proto are
   * believed. Default: none.
   */
  readonly trustedProxies?: readonly string[];
  /**
   * Returns the upstream of `tunnel://name`. Undefined if this process runs no server: then such a target is not
   * valid.
   */
  readonly tunnelUpstream?: ((name: string) => TunnelUpstream) | undefined;
  /**
   * Returns the secret that signs the cookies of sticky routes and protects those of logins. It is called for each
   * sticky route, and at the first login. Default: a random one for each call, so that a restart makes cookies invalid.
   */
  readonly cookieKey?: () => string;
  /** Requests per second that are reported one by one; further ones are only counted. Default 50. */
  readonly requestRecords?: number;
  readonly onRequest?: (entry: RoutedEntry, visitor: VisitorFields) => void;
  /** Called at most once a second with the number of requests that `onRequest` did not get. */
  readonly onOmitted?: (count: number) => void;
  /** Connections to a target failed, or a file could not be read. */
  readonly onTargetFailure?: (failure: TargetFailure) => void;
  /** A target gets requests again, or gets none for a while. */
  readonly onTargetChange?: (report: TargetReport) => void;
  /** Something that an operator should know, such as a list of addresses that cannot be read. */
  readonly onWarning?: (text: string) => void;
  /** An error in the gateway closed a visitor's connection. */
  readonly onFault?: (error: unknown) => void;
  /** Maximum time for requests in progress at `stop()`, in milliseconds. Default 30,000. */
  readonly drainTimeout?: number;
}
