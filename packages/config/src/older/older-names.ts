/** The name of an option in the older program. It sets the option that now has another name. */
export interface OlderName {
  /** `[]` stands for each table of a list. */
  readonly path: string;
  /** The option that it sets. `[+]` stands for a table that is added to the list. */
  readonly sets: string;
  /** Converts the value; undefined: it is not allowed. Default: it stays as it is. */
  readonly convert?: (value: unknown) => unknown;
  /** For the documentation, if the value changes. */
  readonly note?: string;
}

/** Every option that has another name in files of the older program. */
export const OLDER_NAMES: readonly OlderName[] = [
  { path: "proxy[].circuit_breaker.open_timeout", sets: "proxy[].circuit_breaker.recovery_timeout" },
  { path: "proxy[].circuit_breaker.test_requests", sets: "proxy[].circuit_breaker.success_threshold" },
  { path: "proxy[].ssl.verify_backend_ssl", sets: "proxy[].ssl.verify_backend" },
  { path: "proxy[].ssl.cert_file", sets: "proxy[].cert_file" },
  { path: "proxy[].ssl.key_file", sets: "proxy[].key_file" },
  { path: "server.ssl.force_https", sets: "server.ssl.redirect.enabled" },
  { path: "tunnel.server.rate_limiting.enabled", sets: "tunnel.server.rate_limit.enabled" },
  {
    path: "tunnel.server.rate_limiting.requests_per_minute",
    sets: "tunnel.server.rate_limit.requests_per_minute",
  },
  {
    path: "tunnel.server.rate_limiting.max_concurrent_connections",
    sets: "tunnel.server.rate_limit.max_connections_per_tunnel",
  },
  {
    path: "tunnel.server.rate_limiting.max_bandwidth_bps",
    sets: "tunnel.server.rate_limit.max_bandwidth_per_tunnel",
    note: "bytes per second",
  },
  { path: "tunnel.server.auth.jwt_enabled", sets: "tunnel.server.auth.jwt.enabled" },
  { path: "tunnel.server.auth.jwt_secret", sets: "tunnel.server.auth.jwt.secret" },
  {
    path: "tunnel.server.auth.token_expiry",
    sets: "tunnel.server.auth.jwt.expiration_hours",
    convert: (value) => (typeof value === "number" ? value / 3_600 : undefined),
    note: "seconds become hours",
  },
  { path: "tunnel.server.auth.admin_keys", sets: "tunnel.server.admin.keys" },
  { path: "tunnel.server.ssl.wildcard_cert_file", sets: "tunnel.server.ssl.certificates[+].cert_file" },
  { path: "tunnel.server.ssl.wildcard_key_file", sets: "tunnel.server.ssl.certificates[+].key_file" },
  { path: "tunnel.server.ssl.redirect_http", sets: "tunnel.server.ssl.redirect.enabled" },
];
