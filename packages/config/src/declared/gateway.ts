import { option, section, sections } from "./declaration.js";
import { hostName, url } from "../kinds/address.js";
import { choice } from "../kinds/choice.js";
import { flag } from "../kinds/flag.js";
import { headers } from "../kinds/headers.js";
import { list } from "../kinds/list.js";
import { decimal, integer, port } from "../kinds/number.js";
import { duration, size } from "../kinds/quantity.js";
import { anything, table } from "../kinds/table.js";
import { text } from "../kinds/text.js";

const GATEWAY = { pending: "the local gateway" };

const path = text({ what: "path" });
const urlPath = text({ what: "URL path", pattern: /^\/[!-~]*$/, example: "/health" });
const upstream = url(["http", "https", "ws", "wss"], "http://localhost:3000");

export const server = section(
  "The local gateway's listener.",
  {
    default_port: option(port(), "Port to listen on for HTTP.", { default: 8080 }),
    request_timeout: option(duration(), "Maximum time for one request.", { default: 30_000 }),
    max_request_size_mb: option(decimal(), "Maximum size of a request body, in megabytes.", { default: 10 }),
    enable_health_endpoints: option(flag(), "Serve /health and similar paths.", { default: true }),
    ssl: section("HTTPS of the gateway.", {
      enabled: option(flag(), "Serve HTTPS.", { default: false }),
      https_port: option(port(), "Port to listen on for HTTPS.", { default: 8443 }),
      cert_file: option(path, "Certificate, PEM."),
      key_file: option(path, "Private key of the certificate, PEM."),
      cert_chain_file: option(path, "Intermediate certificates, PEM."),
      redirect: section("Redirect from HTTP to HTTPS.", {
        enabled: option(flag(), "Redirect HTTP requests to HTTPS.", { default: false }),
        exempt_paths: option(list(urlPath), "Paths that are served over HTTP without a redirect.", {
          default: [] as string[],
        }),
      }),
      wildcard: section("Certificate for all names below a domain.", {
        enabled: option(flag(), "Use a wildcard certificate.", { default: false }),
        domain: option(
          text({ what: "domain", pattern: /^\*\.[\w.-]+$/, example: "*.example.com" }),
          "Domain that the wildcard certificate covers.",
        ),
        cert_file: option(path, "Wildcard certificate, PEM."),
        key_file: option(path, "Private key of the wildcard certificate, PEM."),
      }),
      lets_encrypt: section(
        "Certificates from an ACME CA.",
        {
          enabled: option(flag(), "Obtain certificates by ACME.", { default: false }),
          email: option(text(), "Contact address for the CA."),
          domain: option(hostName(), "Name to obtain a certificate for."),
          dns_challenge: section("ACME challenge by DNS record.", {
            provider: option(text(), "DNS provider of the domain."),
            timeout_seconds: option(duration(), "Maximum time to wait until the CA finds the DNS record.", {
              default: 300_000,
            }),
            credentials: option(table(text()), "Credentials for the DNS provider.", {
              default: {} as Record<string, string>,
              secret: true,
            }),
          }),
        },
        { ignored: "certificates by ACME are not supported yet" },
      ),
    }),
  },
  GATEWAY,
);

export const staticConfig = section(
  "Static files that the gateway serves.",
  {
    directory: option(path, "Folder of the files.", { default: "." }),
    fallback: option(text(), "File to serve for paths without a file.", { default: "index.html" }),
  },
  GATEWAY,
);

const replaceText = sections("Text replacement.", {
  find: option(text(), "Text to find."),
  replace: option(text(), "Replacement text.", { default: "" }),
  regex_enabled: option(flag(), "Treat `find` as a regular expression.", { default: false }),
});

function transform(message: string) {
  return section(`Changes to ${message} bodies.`, {
    replace_text: replaceText,
    add_json_fields: option(table(anything()), `Members to add to JSON ${message} bodies.`, {
      default: {} as Record<string, unknown>,
    }),
    remove_json_fields: option(list(text()), `Members to remove from JSON ${message} bodies.`, {
      default: [] as string[],
    }),
  });
}

const middleware = section("Changes to requests and responses of this route.", {
  headers: section("Changes to header fields.", {
    request_headers: option(headers(), "Header fields to add to requests.", { default: {} as Record<string, string> }),
    response_headers: option(headers(), "Header fields to add to responses.", {
      default: {} as Record<string, string>,
    }),
    remove_request_headers: option(list(text()), "Header fields to remove from requests.", {
      default: [] as string[],
    }),
    remove_response_headers: option(list(text()), "Header fields to remove from responses.", {
      default: [] as string[],
    }),
    override_host: option(text(), "Value of Host in requests to targets. Default: the visitor's."),
  }),
  rate_limit: section("Limits for each visitor.", {
    requests_per_minute: option(integer({ min: 1 }), "Maximum requests of a visitor per minute."),
    window_seconds: option(duration({ min: 1_000 }), "Time over which requests are counted.", { default: 60_000 }),
    max_concurrent: option(integer({ min: 1 }), "Maximum concurrent requests of a visitor."),
    rate_limit_message: option(text(), "Message for visitors that exceed a limit."),
  }),
  transform: section("Changes to bodies.", { request: transform("request"), response: transform("response") }),
  auth: section("Credentials to send to targets.", {
    bearer_token: option(text(), "Token to send as `Authorization: Bearer`.", { secret: true }),
    custom_auth_header: option(list(text()), "Header field to send: its name and its value.", {
      default: [] as string[],
      secret: true,
    }),
    api_key: section("API key to send in a header field.", {
      header_name: option(text(), "Name of the header field."),
      key_value: option(text(), "API key.", { secret: true }),
    }),
  }),
  compression: section("Compression of responses.", {
    gzip: option(flag(), "Compress with gzip.", { default: true }),
    brotli: option(flag(), "Compress with Brotli.", { default: false }),
    threshold_bytes: option(size(), "Minimum size of a body to compress.", { default: 1_024 }),
    level: option(integer({ min: 0, max: 11 }), "Compression level.", { default: 6 }),
  }),
});

export const proxy = sections(
  "Route of the gateway: a path and its targets.",
  {
    path: option(urlPath, "Path of the route. A final `*` matches everything below it."),
    target: option(upstream, "Target of the route."),
    targets: sections("Target of a route with several targets.", {
      url: option(upstream, "Address of the target."),
      weight: option(integer({ min: 0, max: 65_535 }), "Share of the requests, relative to the other targets.", {
        default: 1,
      }),
    }),
    strategy: option(
      choice(["round_robin", "weighted_round_robin", "least_connections", "random"]),
      "Load balancing policy.",
      { default: "round_robin" },
    ),
    timeout: option(duration(), "Maximum time for one request.", { default: 30_000 }),
    sticky_sessions: option(flag(), "Send all requests of a visitor to the same target.", { default: false }),
    http_health: section("Health checks of targets by HTTP.", {
      interval: option(duration({ min: 100 }), "Time between two health checks.", { default: 30_000 }),
      timeout: option(duration({ min: 1 }), "Maximum time for a response to a health check.", { default: 5_000 }),
      path: option(urlPath, "Path to request.", { default: "/health" }),
      expected_status_codes: option(list(integer({ min: 100, max: 599 })), "Status codes of a healthy target.", {
        default: [200] as number[],
      }),
    }),
    websocket_health: section("Health checks of targets by WebSocket.", {
      interval: option(duration({ min: 100 }), "Time between two health checks.", { default: 30_000 }),
      timeout: option(duration({ min: 1 }), "Maximum time for a response to a health check.", { default: 5_000 }),
      path: option(urlPath, "Path to request.", { default: "/health" }),
      ping_message: option(text(), "Message to send.", { default: "ping" }),
    }),
    circuit_breaker: section("Circuit breaker for failing targets.", {
      failure_threshold: option(integer({ min: 1 }), "Consecutive failures that open the circuit.", { default: 5 }),
      recovery_timeout: option(duration({ min: 1 }), "Time that the circuit stays open.", { default: 30_000 }),
      success_threshold: option(integer({ min: 1 }), "Consecutive successes that close the circuit.", { default: 2 }),
    }),
    middleware,
    ssl: section("TLS to targets.", {
      verify_backend: option(flag(), "Verify the certificates of targets.", { default: true }),
      client_cert_file: option(path, "Client certificate to present to targets, PEM."),
      client_key_file: option(path, "Private key of the client certificate, PEM."),
    }),
  },
  GATEWAY,
);
