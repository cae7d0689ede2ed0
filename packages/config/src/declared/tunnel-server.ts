import { option, section, sections } from "./declaration.js";
import { hostName, label, listenAddress, network, origin, url } from "../kinds/address.js";
import { choice } from "../kinds/choice.js";
import { cipherSuite } from "../kinds/cipher-suite.js";
import { filePath } from "../kinds/file-path.js";
import { flag } from "../kinds/flag.js";
import { list } from "../kinds/list.js";
import { decimal, integer, port } from "../kinds/number.js";
import { portRange } from "../kinds/port-range.js";
import { proxyField } from "../kinds/proxy-field.js";
import { duration, size } from "../kinds/quantity.js";
import { stickiness, type Stickiness } from "../kinds/stickiness.js";
import { DEFAULT_POLICIES, POLICIES } from "./policies.js";
import { STRATEGIES } from "./strategies.js";
import { table } from "../kinds/table.js";
import { text } from "../kinds/text.js";
import { serverAccess, serverOidcProvider } from "./access.js";
import { serverLimits } from "./server-limits.js";
import { tunnelLimits } from "./tunnel-limits.js";

const ADMIN = { pending: "the admin API" };

const urlPath = text({ what: "URL path", pattern: /^\/[!-~]*$/, example: "/health" });
const version = choice(["1.2", "1.3"]);

const auth = section("Authentication of clients.", {
  required: option(flag(), "Require clients to log in.", { default: true, pending: "tunnels without login" }),
  api_keys: option(list(text()), "API keys, each as `key` or `name key`. Prefer api_keys_file.", {
    default: [] as string[],
    secret: true,
    env: "POSTERN_API_KEYS",
  }),
  api_keys_file: option(
    filePath,
    "File with one `name key` per line, not readable by other users; reloaded when it changes.",
    { env: "POSTERN_API_KEYS_FILE", flag: "--api-keys-file <file>", example: '"postern.keys"' },
  ),
  jwt: section(
    "Token logins. JWTs need one of secret, public_key_file and jwks_url; opaque tokens need introspection_url.",
    {
      enabled: option(flag(), "Accept token logins.", { default: false }),
      secret: option(text(), "Shared secret of HS256 tokens, at least 32 bytes.", {
        secret: true,
        example: '"${JWT_SECRET:none}"',
      }),
      public_key_file: option(
        filePath,
        "Public key of the issuer, PEM. The key type sets the algorithm: RSA RS256, P-256 ES256, P-384 ES384, P-521 ES512, Ed25519 EdDSA.",
      ),
      jwks_url: option(
        url(["https", "http"], "https://auth.example.com/jwks"),
        "JWKS of the issuer. Requires audience. `http://` is only allowed for this machine.",
        { example: '"https://auth.example.com/jwks"' },
      ),
      introspection_url: option(
        url(["https", "http"], "https://auth.example.com/introspect"),
        "Introspection endpoint of the issuer, for opaque tokens (RFC 7662). `http://` is only allowed for this machine.",
        { example: '"https://auth.example.com/introspect"' },
      ),
      introspection_interval: option(
        duration({ min: 1_000 }),
        "Time for which an introspection result is reused. After a token is revoked, its sessions end within twice this time.",
        { default: 3_000 },
      ),
      client_id: option(text(), "OAuth client id of the server for introspection_url."),
      client_secret: option(text(), "OAuth client secret of the server for introspection_url. Requires client_id.", {
        secret: true,
      }),
      allow_private: option(flag(), "Allow jwks_url and introspection_url to resolve to private addresses.", {
        default: false,
      }),
      issuer: option(text(), "Required value of the `iss` claim. Default: any.", {
        example: '"https://auth.example.com"',
      }),
      audience: option(text(), "Required audience in the `aud` claim. Default: any.", { example: '"postern"' }),
      user_claim: option(
        text({ what: "claim", pattern: /^\S+$/ }),
        "Claim that contains the user. The user owns the names that are taken with the token.",
        { default: "sub" },
      ),
      names_claim: option(
        text({ what: "claim", pattern: /^\S+$/ }),
        "Claim that lists the names that the user may take; `prefix-*` matches every name with that prefix. A token without the claim may take any name.",
        { default: "postern_names" },
      ),
      expiration_hours: option(decimal({ min: 0.0001 }), "Maximum lifetime of a token, in hours. Default: no limit.", {
        example: "24",
      }),
    },
  ),
  certificate: section("Logins by client certificate.", {
    ca_file: option(
      filePath,
      "CA certificates that sign client certificates, PEM. Setting it enables certificate logins.",
    ),
    crl_file: option(filePath, "Certificate revocation lists, PEM: one for each CA."),
  }),
});

const certificateFiles = {
  cert_file: option(filePath, "Certificate, PEM."),
  key_file: option(filePath, "Private key of the certificate, PEM."),
  cert_chain_file: option(filePath, "Intermediate certificates, PEM, if cert_file does not contain them."),
  key_passphrase: option(text(), "Passphrase of key_file, if the key is encrypted.", { secret: true }),
};

const ssl = section("TLS of the server: HTTPS for visitors and WSS for clients, on one port.", {
  enabled: option(flag(), "Serve HTTPS and WSS.", { default: false }),
  ...certificateFiles,
  certificates: sections(
    "An additional certificate. The server presents the certificate that covers the requested name.",
    certificateFiles,
  ),
  min_tls_version: option(version, "Minimum TLS version.", { default: "1.2" }),
  max_tls_version: option(version, "Maximum TLS version.", { default: "1.3" }),
  cipher_suites: option(
    list(cipherSuite),
    "Allowed cipher suites, by their OpenSSL names, in order of preference. A TLS version without an allowed suite is disabled. Empty: a list of strong suites.",
    { default: [] as string[] },
  ),
  passthrough_enabled: option(flag(), "Pass TLS connections through to clients.", {
    default: false,
    pending: "TLS tunnels",
  }),
  redirect: section("Redirect from HTTP to HTTPS, if public_https_port differs from the port of `listen`.", {
    enabled: option(
      flag(),
      "Redirect HTTP requests to HTTPS. `false`: the HTTP port serves visitors and clients too.",
      {
        default: true,
      },
    ),
    exempt_paths: option(
      list(urlPath),
      "Paths that are served over HTTP without a redirect, with everything below them.",
      {
        default: [] as string[],
      },
    ),
  }),
});

const acme = section(
  "Certificates from an ACME CA, for the base domain and the names below it.",
  {
    enabled: option(flag(), "Obtain and renew certificates by ACME.", { default: false }),
    email: option(
      text({ what: "email address", pattern: /^[^\s@]+@[^\s@]+$/, example: "ops@example.com" }),
      "Contact address for the CA.",
    ),
    directory_url: option(
      url(["https"], "https://acme-v02.api.letsencrypt.org/directory"),
      "Directory of the CA. Default: Let's Encrypt.",
    ),
    ca_file: option(
      filePath,
      "CA certificates that may sign the certificate of the directory, PEM. Default: those of Node.",
    ),
    weekly_budget: option(integer({ min: 1 }), "Maximum number of certificates to request within a week.", {
      default: 40,
    }),
    dns: section("ACME challenge by DNS record, which wildcard certificates need.", {
      provider: option(text(), "DNS provider of the domain."),
      credentials: option(table(text()), "Credentials for the DNS provider.", {
        default: {} as Record<string, string>,
        secret: true,
      }),
      exec: option(filePath, "Program that sets and removes the DNS record. It replaces provider."),
    }),
  },
  { pending: "certificates by ACME" },
);

const monitoring = section("Health page, metrics and status log of the server.", {
  enabled: option(flag(), "Serve the health page, and the metrics if collect_metrics is set, on the base domain.", {
    default: true,
  }),
  health_endpoint: option(urlPath, "Path of the health page.", { default: "/health" }),
  collect_metrics: option(flag(), "Count logins, requests and bytes, and serve them to Prometheus.", {
    default: false,
  }),
  metrics_endpoint: option(
    urlPath,
    "Path of the metrics. Without metrics_token, only requests from the server's own machine are answered. A proxy on the same machine must set X-Forwarded-For; otherwise its requests count as local.",
    { default: "/metrics" },
  ),
  metrics_token: option(
    text({ what: "token", pattern: /^[!-~]+$/ }),
    "Bearer token for the metrics, at least 16 characters. If it is set, the metrics are available from any machine, but only with the token.",
    { secret: true, example: '"${METRICS_TOKEN:none}"' },
  ),
  log_server_status: option(
    flag(),
    "Log the server's status once a minute and when it stops: sessions, tunnels, requests, bytes and memory.",
    { default: false },
  ),
  log_tunnel_events: option(flag(), "Log when clients and tunnels connect and disconnect.", { default: true }),
});

const balancing = section(
  "Groups: several clients of one owner that serve a name together (`group` of an endpoint, --join).",
  {
    may_join: option(
      flag(),
      "Allow several clients to serve a name together. `false`: clients that start with --join are refused, and each name has one client.",
      { default: true },
    ),
    strategy: option(
      choice(STRATEGIES),
      "How the client for a request is chosen. The strategies are those of `strategy` in `[[proxy]]`. Clients set their weight with --weight.",
      { default: "least_connections" },
    ),
    allowed_strategies: option(
      list(choice(STRATEGIES)),
      "Strategies that clients may ask for with `strategy` of their endpoint or --strategy, besides `strategy`. Clients that ask for another one are refused. Empty: none.",
      { default: [...STRATEGIES] as (typeof STRATEGIES)[number][] },
    ),
    sticky_sessions: option(
      stickiness(),
      'Send all requests of a visitor to the same client while it is available. `true` or `"address"`: by the visitor\'s address, whatever the strategy. `"cookie"`: by the cookie `postern_target`; the strategy chooses the client of a visitor without it.',
      { default: "off" as Stickiness },
    ),
  },
);

/** What clients may ask for by default: everything for which the server contacts no URLs of clients. */
const policies = section("Access control for tunnels, which the server enforces. See access.md.", {
  allow: option(
    list(choice(POLICIES)),
    "Access options that clients may use for their tunnels. A tunnel with any other one is refused. With `forward_auth`, and `jwks_url` of `jwt`, the server contacts URLs that clients name, but no private addresses. `oidc` also requires `[tunnel.server.oidc]`. After a reload, tunnels with options that are no longer allowed end.",
    { default: DEFAULT_POLICIES },
  ),
  always: serverAccess,
});

const security = section("Limits for visitors and names.", {
  cors_enabled: option(
    flag(),
    "Allow pages of cors_origins to use all tunnels (CORS). The server answers preflight requests itself, and removes the CORS headers of services.",
    { default: false },
  ),
  cors_origins: option(list(text()), 'Origins of these pages, such as `https://app.example.com`. `["*"]` allows all.', {
    default: [] as string[],
  }),
  max_request_size: option(size(), "Maximum size of a request body; visitors get 413 beyond it. 0: no limit.", {
    default: 0,
    env: "POSTERN_MAX_REQUEST_SIZE",
    flag: "--max-request-size <size>",
    example: '"100MB"',
  }),
  request_timeout: option(
    duration(),
    "Maximum time from a complete request to the start of the response; visitors get 504 beyond it. 0: no limit.",
    { default: 0, env: "POSTERN_REQUEST_TIMEOUT", flag: "--request-timeout <time>", example: '"60s"' },
  ),
  connection_timeout: option(
    duration({ min: 100 }),
    "Maximum time for the head of a request, from its first byte; visitors get 408 beyond it.",
    { default: 10_000 },
  ),
  idle_timeout: option(duration({ min: 100 }), "Time after which an idle visitor connection is closed.", {
    default: 75_000,
  }),
  min_subdomain_length: option(integer({ min: 1, max: 63 }), "Minimum length of a requested subdomain.", {
    default: 1,
  }),
  max_subdomain_length: option(integer({ min: 1, max: 63 }), "Maximum length of a requested subdomain.", {
    default: 63,
  }),
  block_suspicious_patterns: option(
    flag(),
    "Reject requests to tunnels with 400 if their path contains a segment `..`, raw or encoded, or an encoded control character. By default, every path passes unchanged.",
    { default: false },
  ),
});

export const tunnelServer = section("Public server.", {
  enabled: option(flag(), "Run the server when `postern start` runs.", { default: false }),
  listen: option(listenAddress(), "Address to listen on, for visitors and clients.", {
    default: "127.0.0.1:8080",
    env: "POSTERN_LISTEN",
    flag: "--listen <host:port>",
    flagOf: "server",
    example: '"127.0.0.1:8080"',
  }),
  base_domain: option(hostName(), "Base domain; tunnels get names below it.", {
    default: "localhost",
    env: "POSTERN_DOMAIN",
    flag: "--domain <name>",
    example: '"tunnel.example.com"',
  }),
  public_url: option(
    origin("https://tunnel.example.com"),
    "Public URL of the base domain, when a TLS proxy runs in front of the server.",
    { env: "POSTERN_PUBLIC_URL", flag: "--public-url <url>", example: '"https://tunnel.example.com"' },
  ),
  trusted_proxies: option(
    list(network()),
    "Addresses or networks of proxies in front of the server, whose X-Forwarded-For and X-Forwarded-Proto are trusted.",
    {
      default: [] as string[],
      env: "POSTERN_TRUSTED_PROXIES",
      flag: "--trusted-proxies <addresses>",
      example: '["127.0.0.1"]',
    },
  ),
  trusted_proxy_fields: option(
    list(proxyField),
    "Fields that trusted_proxies may pass on to services, such as X-Forwarded-User, X-Forwarded-Prefix, X-Forwarded-Port, CF-Connecting-IP and X-Request-Id. The server removes them from all other requests. The proxy must overwrite each of them, even if it has no value to set; otherwise visitors can forge them.",
    {
      default: [] as string[],
      env: "POSTERN_TRUSTED_PROXY_FIELDS",
      flag: "--trusted-proxy-fields <fields>",
      example: '["X-Forwarded-User", "X-Forwarded-Email"]',
    },
  ),
  via: option(
    flag(),
    "Add a Via field to requests, as HTTP requires of gateways. Off by default, because some services, for instance nginx, do not compress their responses to requests with Via.",
    { default: false },
  ),
  parent_domain_cookies: option(
    choice(["drop", "allow"]),
    "What to do with cookies that a service sets for the base domain or a domain above it. Browsers send such cookies to all tunnels, so by default the server drops them. Use `allow` only if all tunnels belong to one owner, for instance for single sign-on.",
    { default: "drop", example: '"allow"' },
  ),
  tunnel_port: option(port(), "Separate port for clients.", { pending: "a separate port for clients" }),
  public_port: option(port(), "Separate port for visitors. `listen` serves both.", {
    pending: "a separate port for visitors",
  }),
  public_https_port: option(
    port(),
    "Port for HTTPS and WSS, with `ssl`; `listen` then redirects to it. Default: the port of `listen`, without plain HTTP.",
    { example: "8443" },
  ),
  max_tunnels: option(
    integer({ min: 1 }),
    "Maximum number of tunnels of all clients together; the server refuses further ones.",
    { default: 10_000 },
  ),
  subdomain_strategy: option(choice(["random", "uuid", "user_specified"]), "How subdomains are chosen.", {
    default: "user_specified",
    pending: "strategies other than `user_specified`",
  }),
  subdomain_length: option(integer({ min: 1, max: 63 }), "Length of generated subdomains.", {
    pending: "generated subdomains of a given length",
  }),
  reserved_subdomains: option(
    list(label()),
    "Subdomains that no client may take, instead of the default list in docs/limits.md. Empty: every subdomain may be taken.",
    { example: '["www", "admin"]' },
  ),
  state_dir: option(filePath, "Folder for state that survives a restart.", { pending: "state on disk" }),
  auth,
  limits: serverLimits,
  rate_limit: tunnelLimits,
  ssl,
  monitoring,
  acme,
  tcp: section(
    "Public ports for TCP tunnels.",
    { ports: option(portRange(), "Range of ports, one for each TCP tunnel.", { example: '"20000-20100"' }) },
    { pending: "TCP tunnels" },
  ),
  admin: section("Admin API of the server.", {
    listen: option(listenAddress(), "Address of the admin API.", ADMIN),
    keys: option(list(text()), "Keys of the admin API.", { default: [] as string[], secret: true, ...ADMIN }),
  }),
  balancing,
  policies,
  oidc: serverOidcProvider,
  security,
  network: section("Addresses of separate ports, and options of connections.", {
    bind_address: option(text({ what: "IP address" }), "Address of tunnel_port.", {
      pending: "a separate port for clients",
    }),
    public_bind_address: option(text({ what: "IP address" }), "Address of public_port.", {
      pending: "a separate port for visitors",
    }),
    tcp_keepalive: option(flag(), "Probe idle connections of visitors and clients (TCP keep-alive).", {
      default: true,
    }),
    tcp_keepalive_idle: option(duration({ min: 1_000 }), "Time without data before the first probe.", {
      default: 60_000,
    }),
  }),
});
