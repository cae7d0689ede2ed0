import type { Logger } from "pino";
import type { Certificate, ClientCa, TlsPolicy } from "@postern/net";
import type { NameRules } from "./names/name.js";
import type { TokenOptions } from "./login/tokens.js";

/** One credential of a client. `owner` names who holds it and owns the names taken with it. */
export interface ApiKey {
  owner: string;
  key: string;
}

/** TLS of the server itself. */
export interface ServerTls {
  /** The first one is shown to who asks for no name, or for one that none is for. At least one. */
  certificates: Certificate[];
  policy?: TlsPolicy;
  /** Where TLS is spoken, `host:port`; `listen` then only sends visitors there. Default: `listen` itself, and nothing is plain. */
  listen?: string;
  /** Whether visitors who come by HTTP are sent to HTTPS. Default true. */
  redirect?: boolean;
  /** Paths, and all below them, that are served by HTTP all the same. */
  redirectExempt?: readonly string[];
  /** Who may open tunnels by certificate: clients are asked for theirs on the base domain. Default: nobody. */
  clientCa?: ClientCa;
}

/** Metrics in Prometheus' text format. */
export interface MetricsOptions {
  path: string;
  /** Who sends it as a bearer token may read them, and nobody else. Default: whoever is on the server's own machine may. */
  token?: string | undefined;
}

export interface ServerOptions {
  /** Address for visitors and clients, `host:port`; port 0 takes a free one. Default 127.0.0.1:8080. */
  listen?: string;
  /** The base domain: names below it are tunnels, itself is the server. Default localhost. */
  domain?: string;
  /**
   * Where visitors reach the base domain, when that is not the listener itself but a TLS proxy before it, for instance
   * `https://tunnel.example.com`: tunnels' addresses and X-Forwarded-Proto follow it. Default: `http://`, the domain, the listener's port.
   */
  publicUrl?: string;
  tls?: ServerTls;
  /** Who may open tunnels by API key. Without `tokens`, at least one. */
  apiKeys?: ApiKey[];
  /** Who may open tunnels by token. Default: nobody. */
  tokens?: TokenOptions;
  log: Logger;
  /** Where finished requests are logged. Default: `log`. */
  requestLog?: Logger;
  /** Whether clients and tunnels that come and go are logged; trouble is in any case. Default true. */
  logTunnelEvents?: boolean;
  /** Whether the log says once a minute, and at the end, how the server is. Default false. */
  logStatus?: boolean;
  /**
   * Proxies before the server, as IP addresses or networks (`10.0.0.0/8`): whom they name in X-Forwarded-For is the visitor, and what they
   * say in X-Forwarded-Proto is its scheme. Default: none.
   */
  trustedProxies?: string[];
  /** Largest body of a request, in bytes; beyond: 413. Default 0: any. */
  maxRequestSize?: number;
  /** How long a service may take to begin its answer once it has the whole request, in milliseconds; beyond: 504. Default 0: any time. */
  requestTimeout?: number;
  /** How long the head of a request may take from its first byte on, in milliseconds. Default 10,000. */
  headTimeout?: number;
  /** How long a visitor's connection may stand idle, in milliseconds. Default 60,000. */
  idleTimeout?: number;
  /** The path of the health page on the base domain; false: there is none. Default /health. */
  health?: string | false;
  /** The page with metrics on the base domain. Default: there is none, and nothing is counted. */
  metrics?: MetricsOptions;
  /** Which names clients may ask for, beside what a name has to be anyway. Default: any. */
  names?: Partial<NameRules>;
  /** Tunnels at once, of all clients. Default 10,000. */
  maxTunnels?: number;
  /** How long in-flight requests may take at `stop()`, in milliseconds. Default 30,000. */
  drainTimeout?: number;
}

export interface Server {
  /** Where it listens, for instance `127.0.0.1:8080`. */
  readonly address: string;
  /** Where it listens with TLS, when that is beside `address`. */
  readonly secureAddress: string | undefined;
  /** The address people open, for instance `http://localhost:8080`. */
  readonly url: string;
  /** From now on these keys are accepted, and no others; sessions that were opened with another one end. */
  replaceApiKeys(keys: readonly ApiKey[]): void;
  /** Whether it speaks TLS itself. */
  readonly hasTls: boolean;
  /**
   * New connections see these certificates; those that are open go on, except sessions of clients whose certificate counts no more: without
   * `clientCa`, none does. Throws when there is no TLS, or one cannot be used.
   */
  replaceCertificates(certificates: readonly Certificate[], clientCa?: ClientCa): void;
  /** Refuses new work, lets requests in flight finish, then closes. Can be called twice. */
  stop(): Promise<void>;
}
