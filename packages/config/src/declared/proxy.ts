import { option, section, sections } from "./declaration.js";
import { hostName, network } from "../kinds/address.js";
import { choice } from "../kinds/choice.js";
import { filePath } from "../kinds/file-path.js";
import { flag } from "../kinds/flag.js";
import { headers } from "../kinds/headers.js";
import { list } from "../kinds/list.js";
import { decimal, integer, numberChoice } from "../kinds/number.js";
import { duration } from "../kinds/quantity.js";
import { pathTemplate, redirectLocation, requestMethod, routeHost, routePath, routeTarget } from "../kinds/route.js";
import { stickiness, type Stickiness } from "../kinds/stickiness.js";
import { table } from "../kinds/table.js";
import { text } from "../kinds/text.js";
import { STRATEGIES } from "./strategies.js";
import { access } from "./access.js";
import { middleware } from "./proxy-middleware.js";
import { routeFiles } from "./static-files.js";

const urlPath = text({ what: "URL path", pattern: /^\/[!-~]*$/, example: "/health" });
const target = routeTarget();

const CHECK_ADVICE =
  "A target that fails them gets no requests while others pass. If all targets of the route fail them, all of them get requests.";
const checkTimes = {
  enabled: option(flag(), "Send these health checks.", { default: true }),
  interval: option(
    duration({ min: 100 }),
    "Time between two health checks of a target, with up to 10 % more or less at random, or more while a check takes longer. A target whose last check contradicts its state is checked again after 2 seconds, or earlier if interval is shorter.",
    { default: 30_000 },
  ),
  timeout: option(duration({ min: 1 }), "Maximum time for a health check.", { default: 5_000 }),
  unhealthy_threshold: option(integer({ min: 1 }), "Failures in a row after which a target is unhealthy.", {
    default: 3,
  }),
  healthy_threshold: option(integer({ min: 1 }), "Successes in a row after which an unhealthy target is healthy.", {
    default: 2,
  }),
};
const checkHost = option(
  text({ what: "host", pattern: /^[!-~]+$/, example: "app.example.com" }),
  "Host header of the request. Default: override_host of the route, otherwise the host of the target.",
);

const match = {
  path: option(
    routePath(),
    "Path of the route. `/api/*` matches `/api` and everything below `/api/`; a path without `*` matches only itself. Default if host is set: `/*`, which matches every path.",
    { example: '"/api/*"' },
  ),
  host: option(routeHost(), "Host of the route; `*.example.com` matches every name below it. Default: every host.", {
    example: '"app.example.com"',
  }),
  methods: option(list(requestMethod()), "Methods of the route. Empty: every method.", { default: [] as string[] }),
  headers: option(
    headers(),
    "Header fields and the values that they must have. `*` stands for any value. A field that occurs twice does not match.",
    { default: {} as Record<string, string> },
  ),
  query: option(
    table(text()),
    "Query parameters and the values that they must have, after percent-decoding. `*` stands for any value.",
    { default: {} as Record<string, string> },
  ),
  client_ips: option(list(network()), "Addresses and networks of visitors that the route serves. Default: all.", {
    default: [] as string[],
  }),
};

const action = {
  target: option(
    target,
    "Target of the route: `http://` or `https://` with host, port and path, `unix:/path/of/socket`, or `tunnel://name` for a tunnel of the server that `postern start` runs.",
    { example: '"http://localhost:3000"' },
  ),
  targets: sections(
    'Target of a route with several targets. A list of URLs is accepted as well: `targets = ["http://localhost:3000", …]`.',
    {
      url: option(target, "Address of the target."),
      weight: option(
        integer({ min: 0, max: 65_535 }),
        "Share of the requests, relative to the other targets. 0: the target gets no requests. The strategy `first` ignores weights other than 0.",
        { default: 1 },
      ),
    },
    { shorthand: "url" },
  ),
  redirect: section("Redirect, instead of a target.", {
    to: option(
      redirectLocation(),
      "Location of the redirect: a path or an `http(s)://` URL. `{path}` is the path of the request, `{rest}` its part after the prefix of the route, with its slash, and `{query}` the query with its `?`. `{host}` is the requested host; it needs a route with host. The query is appended, unless the location contains `{query}` or `?`.",
      { example: '"https://{host}{path}"' },
    ),
    status: option(numberChoice([301, 302, 307, 308]), "Status of the response.", { default: 302 }),
  }),
  respond: section("Fixed response, instead of a target.", {
    status: option(integer({ min: 200, max: 599 }), "Status of the response.", { example: "200" }),
    text: option(text({ hasLines: true }), "Body of the response, as plain text. Default: empty."),
  }),
  files: routeFiles,
};

/** `[[proxy]]` */
export const proxy = sections("Route of the gateway: conditions for requests, and their target.", {
  ...match,
  ...action,
  strip_prefix: option(
    flag(),
    "Replace the prefix of the route with the path of the target, or with the folder: with `/api/*`, `/api/users` becomes `/users`. `false`: append the whole path to the path of the target or to the folder.",
    { default: true },
  ),
  rewrite: option(
    pathTemplate(),
    "Path that replaces the path of the request. It is appended to the path of the target or to the folder. `{path}` is the path of the request, and `{rest}` its part after the prefix of the route, with its slash. The query is kept, unless the new path contains `?`.",
    { example: '"/v2{rest}"' },
  ),
  timeout: option(
    duration(),
    "Maximum time until a target begins its response; visitors get 504 beyond it. 0: no limit. Default: request_timeout of `[server]`.",
    { example: '"30s"' },
  ),
  max_request_size_mb: option(
    decimal(),
    "Maximum size of a request body, in megabytes; visitors get 413 beyond it. 0: no limit. Default: max_request_size_mb of `[server]`.",
    { example: "10" },
  ),
  connection_timeout: option(
    duration({ min: 1 }),
    "Maximum time to connect to a target, from the DNS lookup to the end of the TLS handshake. Beyond it, another target gets the request; if there is none, visitors get 504, or 503 if the route has several targets. It is limited to timeout, or to half of timeout if the route has several targets.",
    { default: 5_000 },
  ),
  idle_timeout: option(
    duration(),
    "Maximum time without progress after the response has begun. It does not apply to WebSockets and event streams. 0: no limit.",
    { default: 60_000 },
  ),
  resolve: option(
    choice(["one", "all"]),
    "How to use a host name with several addresses. `one`: they are alternatives of one target. `all`: each address, IPv4 or IPv6, is a target, and the name is resolved again when its DNS records expire.",
    { default: "one" },
  ),
  cert_file: option(filePath, "HTTPS certificate for the host of the route, PEM."),
  key_file: option(filePath, "Private key of the certificate, PEM."),
  strategy: option(
    choice([...STRATEGIES, "hash"]),
    "How the target of a request is chosen. `round_robin`, `weighted_round_robin`: in turn, by weight. `least_connections`: the target with the fewest requests in progress; targets that are much slower than the others are left out. `random`: at random, by weight. `random_two`: of two random targets, the one with fewer requests in progress. `hash`: by hash_key. `first`: the first one that is available. `least_time`: of two random targets, the one that is likely to respond first.",
    { default: "round_robin" },
  ),
  hash_key: option(
    text({
      what: "hash key",
      pattern: /^(?:address|(?:header|cookie):[!#$%&'*+.^_`|~0-9A-Za-z-]+)$/,
      example: "header:X-Tenant",
    }),
    "Part of a request by which the strategy `hash` chooses the target: the visitor's `address`, `header:NAME` or `cookie:NAME`. Without this header or cookie, the visitor's address is used.",
    { default: "address" },
  ),
  sticky_sessions: option(
    stickiness(),
    'Send all requests of a visitor to the same target while it is available. `true` or `"address"`: by the visitor\'s address, whatever the strategy. `"cookie"`: by the cookie `postern_target`; the strategy chooses the target of a visitor without it.',
    { default: "off" as Stickiness },
  ),
  ssl: section("TLS for connections to targets.", {
    enabled: option(flag(), "Use the options of this table.", { default: true }),
    backend_ssl: option(flag(), "Use TLS for targets with an `http://` URL too.", { default: false }),
    verify_backend: option(flag(), "Verify the certificates of targets.", { default: true }),
    ca_file: option(
      filePath,
      "CA certificates that may sign the certificates of targets, PEM. Default: the CAs that Node trusts.",
    ),
    sni_hostname: option(
      hostName(),
      "Host name to send in the TLS handshake, and to require in the certificate of the target. Default: the host in the URL.",
      { example: '"app.internal"' },
    ),
    client_cert_file: option(filePath, "Client certificate to present to targets, PEM."),
    client_key_file: option(filePath, "Private key of the client certificate, PEM."),
  }),
  http_health: section(`Health checks of targets by HTTP. Off without this table. ${CHECK_ADVICE}`, {
    ...checkTimes,
    path: option(urlPath, "Path to request, without the path of the target.", { default: "/health" }),
    method: option(choice(["GET", "HEAD"]), "Method of the request.", { default: "GET" }),
    host: checkHost,
    expected_status_codes: option(list(integer({ min: 100, max: 599 })), "Status codes of a healthy target.", {
      default: [200] as number[],
    }),
    expected_body: option(
      text(),
      "Text that the first 64 KiB of the body must contain. Default: the body is not read.",
    ),
  }),
  websocket_health: section(
    `Health checks of targets by WebSocket: the target must answer a ping with a pong. Off without this table. ${CHECK_ADVICE}`,
    {
      ...checkTimes,
      path: option(urlPath, "Path to request, without the path of the target.", { default: "/health" }),
      host: checkHost,
      ping_message: option(
        text({ what: "text of at most 125 bytes", valid: (given) => Buffer.byteLength(given) <= 125 }),
        "Content of the ping.",
        { default: "ping" },
      ),
    },
  ),
  tcp_health: section(
    `Health checks of targets by connection, with TLS for \`https://\` targets. Off without this table. ${CHECK_ADVICE}`,
    checkTimes,
  ),
  slow_start: option(
    duration(),
    "Time in which the share of a target grows to its weight after it was down, unhealthy or ejected. It has no effect with the strategies `hash` and `first`. 0: off.",
    { default: 0 },
  ),
  circuit_breaker: section(
    "Circuit breaker for each target of the route. While it is open, the target gets no requests; if it is open for all targets, visitors get 503. Off without this table.",
    {
      enabled: option(flag(), "Use the circuit breaker.", { default: true }),
      failure_threshold: option(
        integer({ min: 1 }),
        "Number of failures within failure_window that opens the circuit. Failures are connections that cannot be made or break, responses that time out or are not valid, and the statuses in failure_status_codes.",
        { default: 5 },
      ),
      failure_window: option(duration({ min: 1 }), "Time over which requests and failures are counted.", {
        default: 60_000,
      }),
      failure_ratio: option(
        decimal({ min: 0, max: 1 }),
        "Minimum share of failures among the requests within failure_window, from 0 to 1, at which the circuit opens. 0: failure_threshold alone decides.",
        { default: 0.5 },
      ),
      failure_status_codes: option(list(integer({ min: 400, max: 599 })), "Status codes that count as failures.", {
        default: [500, 502, 503, 504] as number[],
      }),
      min_requests: option(
        integer({ min: 1 }),
        "Minimum number of requests within failure_window before the circuit can open. Default: failure_threshold.",
        { example: "20" },
      ),
      recovery_timeout: option(
        duration({ min: 1 }),
        "Time that the circuit stays open. Then requests test the target, at most success_threshold at a time; a failure opens the circuit again. Tests that take longer than this time make room for others.",
        { default: 30_000 },
      ),
      success_threshold: option(integer({ min: 1 }), "Successes in a row that close the circuit.", { default: 2 }),
    },
  ),
  passive_health: section(
    "Ejection of targets whose requests fail or are slow, in a route with several targets. An ejected target gets no requests for a while. At most half of the targets are ejected at a time. On without this table.",
    {
      enabled: option(flag(), "Eject targets.", { default: true }),
      consecutive_failures: option(
        integer(),
        "Failures in a row after which a target is ejected. Failures are connections that cannot be made or break, responses that time out or are not valid, and the statuses 502, 503 and 504. 0: failures in a row do not eject a target.",
        { default: 5 },
      ),
      min_success_ratio: option(
        decimal({ min: 0, max: 1 }),
        "Minimum success rate of a target, relative to the average of the other targets: with 0.8, a target is ejected if 75 % of its requests succeed and 99 % of the requests to the others. 0: any success rate.",
        { default: 0.8 },
      ),
      max_latency_ratio: option(
        decimal(),
        "Maximum response time of a target, relative to the other targets: with 3, a target is ejected if its responses take more than three times as long. The response time is the geometric mean of the times until responses begin. Times below 10 ms count as 10 ms. 0: any time; other values must be at least 1.",
        { default: 0 },
      ),
      window: option(duration({ min: 1 }), "Time over which targets are compared.", { default: 30_000 }),
      min_requests: option(
        integer({ min: 1 }),
        "Minimum number of requests to a target within window. Targets with fewer requests are not compared.",
        { default: 20 },
      ),
      ejection_time: option(
        duration({ min: 1 }),
        "Time of the first ejection. The second takes twice as long, the third three times, up to ten times. This count starts again when the target works: after a success, or, if the target was ejected by a comparison with other targets, after a comparison that it passes.",
        { default: 10_000 },
      ),
    },
  ),
  middleware,
  access,
});
