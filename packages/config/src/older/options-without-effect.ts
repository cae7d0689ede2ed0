/** Options of the older program that have no effect here, all in one table of the file. */
export interface WithoutEffect {
  /** `[]` stands for each table of a list; empty: the top of the file. */
  readonly table: string;
  readonly keys: readonly string[];
  /** Why the options have no effect, as the end of a sentence. */
  readonly because?: string;
  /** What the author of the file may have meant. */
  readonly meant?: string;
  /** True for a value that loses nothing, and needs no warning. */
  readonly isHarmless?: (value: unknown) => boolean;
}

const NEVER_READ = "the older program never read this table";

/** Every option that is accepted only because older files contain it. All other unknown names are errors. */
export const OPTIONS_WITHOUT_EFFECT: readonly WithoutEffect[] = [
  // Of files that the older program ran.
  {
    table: "tunnel.endpoints[]",
    keys: ["protocol_version"],
    because: "client and server negotiate the version",
  },
  {
    table: "tunnel.server.performance",
    keys: [
      "connection_pool_size",
      "worker_threads",
      "websocket_buffer_size",
      "http_buffer_size",
      "cleanup_interval",
      "max_concurrent_requests",
      "request_queue_size",
    ],
    because: "the server chooses these values automatically",
  },
  {
    table: "tunnel.server.auth",
    keys: ["user_registration_enabled"],
    because: "there is no user registration: API keys, tokens and client certificates identify users",
  },
  {
    table: "tunnel.server.auth",
    keys: ["api_key_rotation_enabled", "api_key_rotation_hours"],
    because: "to rotate keys, change the file that `api_keys_file` names; the server reloads it",
  },
  {
    table: "tunnel.server.monitoring",
    keys: ["status_endpoint"],
    because: "the health page and the metrics report the status",
  },
  {
    table: "tunnel.server.security",
    keys: ["validate_host_headers", "validate_content_length"],
    because: "requests with an invalid host or an ambiguous length are always rejected",
    isHarmless: (value) => value === true,
  },
  {
    table: "tunnel.server.security",
    keys: ["max_response_size"],
    because: "the size of responses is not limited",
  },
  {
    table: "tunnel.server.security",
    keys: ["websocket_ping_interval"],
    because: "the server adds no messages to WebSockets of visitors",
  },
  {
    table: "tunnel.server.security",
    keys: ["max_subdomains_per_ip", "subdomain_allocation_window"],
    because: "names are limited per owner: see max_names and bind_rate in [tunnel.server.limits]",
  },
  {
    table: "tunnel.server.network",
    keys: ["ipv6_enabled"],
    because: "the address in `listen` determines whether the server uses IPv6",
  },
  {
    table: "tunnel.server.network",
    keys: ["tcp_keepalive_interval", "tcp_keepalive_probes"],
    because: "the operating system sets the interval and the number of keep-alive probes",
  },
  {
    table: "tunnel.server.network",
    keys: ["socket_reuse_address", "socket_reuse_port"],
    because: "the server sets its socket options itself",
  },
  {
    table: "tunnel.server.ssl",
    keys: ["alpn_protocols"],
    because:
      "visitors get HTTP/1.1, because HTTP/2 is not supported; for HTTP/2, run a proxy such as Caddy in front of the server",
    isHarmless: (value) => Array.isArray(value) && value.every((each) => each === "http/1.1"),
  },
  // Of files that never ran there, because the table [static_config] is missing or the names are others.
  { table: "static", keys: ["directory", "fallback"], meant: "[static_config]" },
  {
    table: "websocket_health",
    keys: ["interval", "timeout", "path", "ping_message"],
    meant: "[proxy.websocket_health] below the [[proxy]] to check",
  },
  { table: "server", keys: ["port"], meant: "default_port" },
  { table: "server", keys: ["host"], meant: "listen" },
  { table: "server", keys: ["timeout"], meant: "request_timeout" },
  { table: "server", keys: ["max_connections"], because: "the number of connections is not limited" },
  {
    table: "server.ssl.letsencrypt",
    keys: ["enabled", "email", "domain"],
    meant: "[server.ssl.lets_encrypt]",
  },
  {
    table: "server.ssl.letsencrypt.dns_challenge",
    keys: ["provider", "api_token"],
    meant: "[server.ssl.lets_encrypt.dns_challenge]",
  },
  { table: "logging", keys: ["directory"], meant: "logs_directory" },
  { table: "logging", keys: ["file"], meant: "logs_directory" },
  { table: "logging", keys: ["max_size_mb"], meant: "file_size_mb" },
  { table: "logging", keys: ["max_age_days"], meant: "retention_days" },
  { table: "logging", keys: ["max_files"], because: "retention_days determines when log files are deleted" },
  { table: "ssl", keys: ["enabled", "cert_file", "key_file"], meant: "[tunnel.server.ssl]" },
  {
    table: "tunnel",
    keys: ["tunnel_port", "public_port", "base_domain", "max_tunnels"],
    meant: "the same option in [tunnel.server]",
  },
  { table: "tunnel", keys: ["subdomain_allocation"], meant: "subdomain_strategy in [tunnel.server]" },
  { table: "network", keys: ["bind_address", "public_bind_address"], meant: "[tunnel.server.network]" },
  { table: "network", keys: ["max_connections_per_ip"], because: NEVER_READ },
  { table: "auth", keys: ["required", "api_keys"], meant: "[tunnel.server.auth]" },
  {
    table: "subdomain",
    keys: ["min_length", "max_length"],
    meant: "min_subdomain_length and max_subdomain_length in [tunnel.server.security]",
  },
  { table: "subdomain", keys: ["reserved_words"], meant: "reserved_subdomains in [tunnel.server]" },
  { table: "subdomain", keys: ["allowed_chars"], because: "subdomains consist of letters, digits and hyphens" },
  { table: "health", keys: ["enabled", "path", "timeout"], meant: "[tunnel.server.monitoring]" },
  {
    table: "monitoring",
    keys: ["metrics_enabled", "health_check_interval"],
    meant: "[tunnel.server.monitoring] or [tunnel.monitoring]",
  },
];
