import { option, section, sections } from "../declaration.js";
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
const urlPath = text({ what: "path of a URL", pattern: /^\/[!-~]*$/, example: "/health" });
const upstream = url(["http", "https", "ws", "wss"], "http://localhost:3000");

export const server = section(
  "The gateway's own listener.",
  {
    default_port: option(port(), "Where it listens.", { default: 8080 }),
    request_timeout: option(duration(), "How long a request may take.", { default: 30_000 }),
    max_request_size_mb: option(decimal(), "Largest body of a request, in megabytes.", { default: 10 }),
    enable_health_endpoints: option(flag(), "Whether /health and the like are answered.", { default: true }),
    ssl: section("TLS of the gateway.", {
      enabled: option(flag(), "Whether it speaks TLS.", { default: false }),
      https_port: option(port(), "Where it listens for HTTPS.", { default: 8443 }),
      cert_file: option(path, "The certificate, in PEM."),
      key_file: option(path, "Its key, in PEM."),
      cert_chain_file: option(path, "Intermediate certificates, in PEM."),
      redirect: section("Sending visitors from HTTP to HTTPS.", {
        enabled: option(flag(), "Whether they are.", { default: false }),
        exempt_paths: option(list(urlPath), "Paths that are served by HTTP, too.", { default: [] as string[] }),
      }),
      wildcard: section("A certificate for all names below a domain.", {
        enabled: option(flag(), "Whether there is one.", { default: false }),
        domain: option(text({ what: "domain", pattern: /^\*\.[\w.-]+$/, example: "*.example.com" }), "The names."),
        cert_file: option(path, "The certificate, in PEM."),
        key_file: option(path, "Its key, in PEM."),
      }),
      lets_encrypt: section(
        "Certificates by ACME.",
        {
          enabled: option(flag(), "Whether they are fetched.", { default: false }),
          email: option(text(), "Whom the CA may write to."),
          domain: option(hostName(), "The name of the certificate."),
          dns_challenge: section("Proving the name by DNS.", {
            provider: option(text(), "Who serves the domain."),
            timeout_seconds: option(duration(), "How long the CA may take to see the record.", { default: 300_000 }),
            credentials: option(table(text()), "What the provider asks for.", {
              default: {} as Record<string, string>,
              secret: true,
            }),
          }),
        },
        { ignored: "certificates by ACME are not built yet" },
      ),
    }),
  },
  GATEWAY,
);

export const staticConfig = section(
  "Files that the gateway serves.",
  {
    directory: option(path, "The folder.", { default: "." }),
    fallback: option(text(), "The file for paths that lead to none.", { default: "index.html" }),
  },
  GATEWAY,
);

const replaceText = sections("A text to replace.", {
  find: option(text(), "What is looked for."),
  replace: option(text(), "What is put there.", { default: "" }),
  regex_enabled: option(flag(), "Whether `find` is a regular expression.", { default: false }),
});

function transform(what: string) {
  return section(`Changes to the body of ${what}.`, {
    replace_text: replaceText,
    add_json_fields: option(table(anything()), "Members to add.", { default: {} as Record<string, unknown> }),
    remove_json_fields: option(list(text()), "Members to remove.", { default: [] as string[] }),
  });
}

const middleware = section("What is done to requests and answers on their way.", {
  headers: section("Headers.", {
    request_headers: option(headers(), "Added to requests.", { default: {} as Record<string, string> }),
    response_headers: option(headers(), "Added to answers.", { default: {} as Record<string, string> }),
    remove_request_headers: option(list(text()), "Removed from requests.", { default: [] as string[] }),
    remove_response_headers: option(list(text()), "Removed from answers.", { default: [] as string[] }),
    override_host: option(text(), "Host that targets see."),
  }),
  rate_limit: section("How much one visitor may ask.", {
    requests_per_minute: option(integer({ min: 1 }), "Requests in a minute."),
    window_seconds: option(duration({ min: 1_000 }), "The time over which requests are counted.", { default: 60_000 }),
    max_concurrent: option(integer({ min: 1 }), "Requests at once."),
    rate_limit_message: option(text(), "What visitors beyond it read."),
  }),
  transform: section("Changes to bodies.", { request: transform("requests"), response: transform("answers") }),
  auth: section("What targets are shown as proof.", {
    bearer_token: option(text(), "Sent as `Authorization: Bearer`.", { secret: true }),
    custom_auth_header: option(list(text()), "A header's name and value.", { default: [] as string[], secret: true }),
    api_key: section("A key in a header.", {
      header_name: option(text(), "The header."),
      key_value: option(text(), "The key.", { secret: true }),
    }),
  }),
  compression: section("Compressed answers.", {
    gzip: option(flag(), "By gzip.", { default: true }),
    brotli: option(flag(), "By Brotli.", { default: false }),
    threshold_bytes: option(size(), "Smallest body that is compressed.", { default: 1_024 }),
    level: option(integer({ min: 0, max: 11 }), "How hard to try.", { default: 6 }),
  }),
});

export const proxy = sections(
  "Requests below a path, and where they go.",
  {
    path: option(urlPath, "The path; `*` at its end stands for all below it."),
    target: option(upstream, "Where requests go."),
    targets: sections("Where requests go, when there are several.", {
      url: option(upstream, "The target."),
      weight: option(integer({ min: 0, max: 65_535 }), "Its share.", { default: 1 }),
    }),
    strategy: option(
      choice(["round_robin", "weighted_round_robin", "least_connections", "random"]),
      "How a target is chosen.",
      { default: "round_robin" },
    ),
    timeout: option(duration(), "How long a request may take.", { default: 30_000 }),
    sticky_sessions: option(flag(), "Whether visitors stay with their target.", { default: false }),
    http_health: section("Asking targets how they are.", {
      interval: option(duration({ min: 100 }), "Time between two questions.", { default: 30_000 }),
      timeout: option(duration({ min: 1 }), "How long an answer may take.", { default: 5_000 }),
      path: option(urlPath, "What is asked for.", { default: "/health" }),
      expected_status_codes: option(list(integer({ min: 100, max: 599 })), "Answers of healthy targets.", {
        default: [200] as number[],
      }),
    }),
    websocket_health: section("Asking targets how they are by WebSocket.", {
      interval: option(duration({ min: 100 }), "Time between two questions.", { default: 30_000 }),
      timeout: option(duration({ min: 1 }), "How long an answer may take.", { default: 5_000 }),
      path: option(urlPath, "What is asked for.", { default: "/health" }),
      ping_message: option(text(), "What is said.", { default: "ping" }),
    }),
    circuit_breaker: section("Leaving targets alone that fail.", {
      failure_threshold: option(integer({ min: 1 }), "Failures in a row that open it.", { default: 5 }),
      recovery_timeout: option(duration({ min: 1 }), "How long it stays open.", { default: 30_000 }),
      success_threshold: option(integer({ min: 1 }), "Successes in a row that close it.", { default: 2 }),
    }),
    middleware,
    ssl: section("TLS towards targets.", {
      verify_backend: option(flag(), "Whether their certificates are checked.", { default: true }),
      client_cert_file: option(path, "The certificate shown to them, in PEM."),
      client_key_file: option(path, "Its key, in PEM."),
    }),
  },
  { ...GATEWAY, label: "path" },
);
