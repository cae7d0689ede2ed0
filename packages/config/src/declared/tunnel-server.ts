import { option, section, sections } from "../declaration.js";
import { hostName, label, listenAddress, network, origin, url } from "../kinds/address.js";
import { choice } from "../kinds/choice.js";
import { cipherSuite } from "../kinds/cipher-suite.js";
import { flag } from "../kinds/flag.js";
import { list } from "../kinds/list.js";
import { integer, port } from "../kinds/number.js";
import { duration, size } from "../kinds/quantity.js";
import { text } from "../kinds/text.js";

const path = text({ what: "path" });
const urlPath = text({ what: "path of a URL", pattern: /^\/[!-~]*$/, example: "/health" });
const version = choice(["1.2", "1.3"]);

const auth = section("Who may open tunnels.", {
  required: option(flag(), "Whether clients have to log in.", { default: true, pending: "tunnels without login" }),
  api_keys: option(list(text()), "The keys: `key` or `name key` each. Better kept in a file of their own.", {
    default: [] as string[],
    secret: true,
    env: "POSTERN_API_KEYS",
  }),
  api_keys_file: option(path, "A file with one `name key` a line, which only its owner can read.", {
    env: "POSTERN_API_KEYS_FILE",
    flag: "--api-keys-file <file>",
    example: '"postern.keys"',
  }),
  jwt: section(
    "Clients that log in by token. JWTs need one of secret, public_key_file and jwks_url; opaque tokens, introspection_url.",
    {
      enabled: option(flag(), "Whether they can.", { default: false }),
      secret: option(text(), "The secret of HS256 tokens, 32 bytes at least.", {
        secret: true,
        example: '"${JWT_SECRET:none}"',
      }),
      public_key_file: option(
        path,
        "The public key of signed tokens, in PEM. RSA means RS256; P-256, ES256; P-384, ES384; Ed25519, EdDSA.",
      ),
      jwks_url: option(
        url(["https", "http"], "https://auth.example.com/jwks"),
        "Where the issuer publishes its public keys. Needs an audience.",
        { example: '"https://auth.example.com/jwks"' },
      ),
      introspection_url: option(
        url(["https", "http"], "https://auth.example.com/introspect"),
        "Where the issuer says what an opaque token is worth (RFC 7662).",
        { example: '"https://auth.example.com/introspect"' },
      ),
      introspection_interval: option(
        duration({ min: 1_000 }),
        "How long such an answer counts. So soon a token that was taken back ends its sessions.",
        { default: 3_000 },
      ),
      client_id: option(text(), "Who the server is to introspection_url."),
      client_secret: option(text(), "What proves that.", { secret: true }),
      allow_private: option(flag(), "Whether names in jwks_url and introspection_url may lead to private addresses.", {
        default: false,
      }),
      issuer: option(text(), "What `iss` has to be. Default: anything.", { example: '"https://auth.example.com"' }),
      audience: option(text(), "What `aud` has to name. Default: anything.", { example: '"postern"' }),
      user_claim: option(
        text({ what: "claim", pattern: /^\S+$/ }),
        "The claim with the user, who owns the names that are taken.",
        {
          default: "sub",
        },
      ),
      names_claim: option(
        text({ what: "claim", pattern: /^\S+$/ }),
        "The claim with a list of the names that the user may take, `prefix-*` included. A token without it may take any.",
        { default: "postern_names" },
      ),
      expiration_hours: option(
        integer({ min: 1 }),
        "The longest that a token may be valid, in hours. Default: any time.",
        { example: "24" },
      ),
    },
  ),
  certificate: section("Clients that log in by certificate.", {
    ca_file: option(path, "Certificates of the CA that signed theirs, in PEM."),
    crl_file: option(path, "Certificates that were revoked: a list of each CA, in PEM."),
  }),
});

const rateLimit = section(
  "How much each tunnel may be used.",
  {
    enabled: option(flag(), "Whether there are limits.", { default: false }),
    requests_per_minute: option(integer({ min: 1 }), "Requests of a tunnel in a minute.", { default: 1_000 }),
    max_connections_per_tunnel: option(integer({ min: 1 }), "Visitors' connections of a tunnel at once.", {
      default: 50,
    }),
    max_bandwidth_per_tunnel: option(size({ min: 1 }), "Bytes of a tunnel in a second.", { default: 10_485_760 }),
    burst_allowance: option(integer(), "Requests that may come at once beyond the rate.", { default: 100 }),
  },
  { pending: "rate limits" },
);

const certificateFiles = {
  cert_file: option(path, "The certificate, in PEM."),
  key_file: option(path, "Its key, in PEM."),
  cert_chain_file: option(path, "Intermediate certificates, in PEM, where they are not in cert_file."),
  key_passphrase: option(text(), "What the key is encrypted with.", { secret: true }),
};

const ssl = section("TLS of the server itself: HTTPS for visitors, WSS for clients, on one port.", {
  enabled: option(flag(), "Whether the server speaks TLS.", { default: false }),
  ...certificateFiles,
  certificates: sections("Further certificates; the one for the name that is asked for is shown.", certificateFiles, {
    label: "cert_file",
  }),
  min_tls_version: option(version, "The oldest version.", { default: "1.2" }),
  max_tls_version: option(version, "The newest version.", { default: "1.3" }),
  cipher_suites: option(
    list(cipherSuite),
    "Cipher suites by OpenSSL's names; a version without any is not spoken. Default: strong ones.",
    { default: [] as string[] },
  ),
  redirect: section(
    "Sending visitors from HTTP to HTTPS, where public_https_port is another port than that of `listen`.",
    {
      enabled: option(flag(), "Whether they are.", { default: true }),
      exempt_paths: option(list(urlPath), "Paths that are served by HTTP, too, with all below them.", {
        default: [] as string[],
      }),
    },
  ),
});

const monitoring = section("What the server tells of itself, on the base domain.", {
  enabled: option(flag(), "Whether it has pages with its health and its metrics.", { default: true }),
  health_endpoint: option(urlPath, "The path of its health.", { default: "/health" }),
  collect_metrics: option(flag(), "Whether logins, requests and bytes are counted, for Prometheus.", {
    default: false,
  }),
  metrics_endpoint: option(
    urlPath,
    "The path of its metrics. Without metrics_token only the server's own machine may read them; a proxy on it that does not say for whom it asks passes for that.",
    { default: "/metrics" },
  ),
  metrics_token: option(
    text({ what: "token", pattern: /^[!-~]+$/ }),
    "Who sends it as a bearer token may read the metrics from anywhere, and nobody else may. 16 characters or more.",
    { secret: true, example: '"${METRICS_TOKEN:none}"' },
  ),
  log_server_status: option(
    flag(),
    "Whether the log says once a minute, and at the end, how it is: what is open, the requests and bytes since the last time, its memory.",
    { default: false },
  ),
  log_tunnel_events: option(flag(), "Whether clients and tunnels that come and go are logged.", { default: true }),
});

const security = section("Limits for visitors and names.", {
  cors_enabled: option(flag(), "Whether CORS headers are added to answers.", { default: false, pending: "CORS" }),
  cors_origins: option(list(text()), "Origins that may read answers.", { default: [] as string[], pending: "CORS" }),
  validate_host_headers: option(flag(), "Whether requests without a valid Host are refused.", {
    default: true,
    pending: "invalid hosts",
  }),
  validate_content_length: option(flag(), "Whether requests of an unclear length are refused.", {
    default: true,
    pending: "unclear lengths",
  }),
  max_request_size: option(size(), "Largest body of a request. 0: any.", {
    default: 0,
    env: "POSTERN_MAX_REQUEST_SIZE",
    flag: "--max-request-size <size>",
    example: '"100MB"',
  }),
  request_timeout: option(duration(), "How long a service may take to answer. 0: any time.", {
    default: 0,
    env: "POSTERN_REQUEST_TIMEOUT",
    flag: "--request-timeout <time>",
    example: '"60s"',
  }),
  connection_timeout: option(duration({ min: 100 }), "How long the head of a request may take, from its first byte.", {
    default: 10_000,
  }),
  idle_timeout: option(duration({ min: 100 }), "How long a visitor's connection may stand idle.", { default: 60_000 }),
  min_subdomain_length: option(integer({ min: 1, max: 63 }), "Shortest name that clients may ask for.", {
    default: 1,
  }),
  max_subdomain_length: option(integer({ min: 1, max: 63 }), "Longest name that clients may ask for.", {
    default: 63,
  }),
  block_suspicious_patterns: option(flag(), "Whether requests that look like attacks are refused.", {
    default: false,
    pending: "blocking by pattern",
  }),
});

export const tunnelServer = section("The public server.", {
  enabled: option(flag(), "Whether `postern start` runs it.", { default: false }),
  listen: option(listenAddress(), "Address for visitors and clients.", {
    default: "127.0.0.1:8080",
    env: "POSTERN_LISTEN",
    flag: "--listen <host:port>",
    example: '"127.0.0.1:8080"',
  }),
  base_domain: option(hostName(), "Tunnels get names below it.", {
    default: "localhost",
    env: "POSTERN_DOMAIN",
    flag: "--domain <name>",
    example: '"tunnel.example.com"',
  }),
  public_url: option(
    origin("https://tunnel.example.com"),
    "The base domain as visitors reach it, when a TLS proxy stands before the server.",
    { env: "POSTERN_PUBLIC_URL", flag: "--public-url <url>", example: '"https://tunnel.example.com"' },
  ),
  trusted_proxies: option(list(network()), "Proxies before the server whose X-Forwarded-For is believed.", {
    default: [] as string[],
    env: "POSTERN_TRUSTED_PROXIES",
    flag: "--trusted-proxies <addresses>",
    example: '["127.0.0.1"]',
  }),
  tunnel_port: option(port(), "A port for clients alone.", { pending: "a port for clients alone" }),
  public_port: option(port(), "A port for visitors; `listen` instead of it has one address for both.", {
    pending: "a port for visitors alone",
  }),
  public_https_port: option(
    port(),
    "The port for HTTPS and WSS, with `ssl`; `listen` then sends visitors there. Default: the one of `listen`, and nothing is plain.",
    { example: "8443" },
  ),
  max_tunnels: option(integer({ min: 1 }), "Tunnels at once, of all clients.", { default: 10_000 }),
  subdomain_strategy: option(choice(["random", "uuid", "user_specified"]), "Which names clients get.", {
    default: "user_specified",
    pending: "other names than those that clients ask for",
  }),
  subdomain_length: option(integer({ min: 1, max: 63 }), "Length of names that the server makes up.", {
    pending: "made-up names of a given length",
  }),
  reserved_subdomains: option(list(label()), "Names that nobody gets, beside those that are always reserved.", {
    default: [] as string[],
  }),
  state_dir: option(path, "A folder for what outlives the process.", { pending: "state on disk" }),
  auth,
  rate_limit: rateLimit,
  ssl,
  monitoring,
  performance: section(
    "Sizes that the server finds by itself.",
    {
      connection_pool_size: option(integer(), "Connections kept open."),
      worker_threads: option(integer(), "Threads."),
      websocket_buffer_size: option(size(), "Buffer of a client's connection."),
      http_buffer_size: option(size(), "Buffer of a visitor's connection."),
      cleanup_interval: option(duration(), "Time between two rounds of cleaning up."),
    },
    { ignored: "the server finds these by itself" },
  ),
  security,
  network: section("Addresses of the server's ports.", {
    bind_address: option(text({ what: "IP address" }), "Where tunnel_port listens.", {
      pending: "a port for clients alone",
    }),
    public_bind_address: option(text({ what: "IP address" }), "Where public_port listens.", {
      pending: "a port for visitors alone",
    }),
    tcp_keepalive: option(flag(), "Whether the kernel asks silent connections if they still live.", {
      default: true,
      pending: "connections without keep-alive",
    }),
  }),
});
