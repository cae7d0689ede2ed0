export const LOG_LEVELS = ["debug", "info", "warn", "error", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export const LOG_FORMATS = ["text", "json"] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

/** What every long-running command takes. */
export interface CommonOptions {
  /** The least important messages that are shown. Default info. */
  logLevel: LogLevel;
  /** How messages are written: for people, or as JSON lines. Default text. */
  logFormat: LogFormat;
  /** Events on stdout, one JSON object a line; messages then go to stderr. Default false. */
  json: boolean;
}

export interface ServerCommandOptions extends CommonOptions {
  /** `host:port`, or a port on loopback. Default 127.0.0.1:8080. */
  listen: string;
  /** The base domain. Default localhost. */
  domain: string;
  /** Where visitors reach the base domain, when a TLS proxy stands before the server. Default: the listener itself. */
  publicUrl?: string;
  /** A file with one key a line. */
  apiKeysFile?: string;
  /** Addresses and networks of proxies before the server whose X-Forwarded-For is believed; several separated by commas. */
  trustedProxies?: string;
  /** Largest body of a request: bytes, or with a unit. Default: any. */
  maxRequestSize?: string;
  /** How long a service may take to begin its answer: seconds, or with a unit. Default: any time. */
  requestTimeout?: string;
}

export interface HttpCommandOptions extends CommonOptions {
  server?: string;
  /** The wished name. Default: the server chooses. */
  subdomain?: string;
  /** `rewrite`, or a fixed Host for the local service. Default: what the visitor sent. */
  hostHeader?: string;
  apiKeyFile?: string;
  /** Whether the file was named on the command line rather than by the environment. */
  apiKeyFileTyped: boolean;
  /** Whether to try again after the connection failed or broke. Default true. */
  reconnect: boolean;
}

export interface DemoCommandOptions extends CommonOptions {
  /** Sends one request through the tunnel and ends. Default false. */
  once: boolean;
}
