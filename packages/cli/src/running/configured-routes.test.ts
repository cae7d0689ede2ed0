import { expect, test } from "vitest";
import { loadConfiguration, TomlFile, type Configuration, type LoadedConfiguration } from "@postern/config";
import type { RouteOptions } from "@postern/gateway/service";
import type { ClientTls } from "@postern/net";
import { routesOf } from "./configured-routes.js";

async function loaded(text: string): Promise<LoadedConfiguration> {
  const file = await TomlFile.read("postern.toml", Buffer.from(text));
  return loadConfiguration({ file, env: {}, flags: {} });
}

async function valuesOf(text: string): Promise<Configuration> {
  return (await loaded(text)).values;
}

/** The route of a table with a path and these options. */
async function route(options: string, server = "", trust?: ClientTls): Promise<RouteOptions> {
  const target = /^(redirect|respond|targets?) =/m.test(options) ? "" : 'target = "http://a:1"\n';
  const given = await loaded(`${server}\n[[proxy]]\npath = "/p/*"\n${target}${options}\n`);
  const hasTable = (index: number, name: string): boolean => given.hasTable("proxy", index, name);
  const [first] = routesOf(given.values, { trusts: [trust] }, { hasTable });
  return first!;
}

const limits = { answer: 30_000, idle: 60_000, body: 0 };
const connectTimeout = 5_000;
const A = { url: "http://a:1", connectTimeout };
const OUTLIERS = { window: 30_000, minRequests: 20, minSuccessRatio: 0.8, maxLatencyRatio: 0 };
const EJECTION = { ejection: { failures: 5, time: 10_000, outliers: OUTLIERS } };
const BREAKER = {
  failures: 5,
  window: 60_000,
  minRequests: 5,
  ratio: 0.5,
  recovery: 30_000,
  successes: 2,
  statuses: [500, 502, 503, 504],
};
const CHECK = { interval: 30_000, timeout: 5_000, unhealthyAfter: 3, healthyAfter: 2 };
const FORWARD = { kind: "forward", targets: [A], stripPrefix: true, limits };

test("a path and a target are enough", async () => {
  expect(await route("")).toEqual({ name: "/p/*", match: { path: "/p/*" }, action: FORWARD });
});

test.for<[options: string, match: object]>([
  ['host = "A.example"', { host: "a.example" }],
  ['methods = ["get", "POST"]', { methods: ["GET", "POST"] }],
  ['headers = { X-Kind = "a" }', { headers: new Map([["x-kind", "a"]]) }],
  ['query = { v = "2" }', { query: new Map([["v", "2"]]) }],
  ['client_ips = ["10.0.0.0/8"]', { clientIps: ["10.0.0.0/8"] }],
])("%s is a condition", async ([options, match]) => {
  expect((await route(options)).match).toEqual({ path: "/p/*", ...match });
});

test.for<[options: string, action: object]>([
  ["strip_prefix = false", { stripPrefix: false }],
  ['rewrite = "/v2{rest}"', { rewrite: "/v2{rest}" }],
  ["timeout = 5", { limits: { ...limits, answer: 5_000 } }],
  ["connection_timeout = 2", { targets: [{ ...A, connectTimeout: 2_000 }] }],
  ["idle_timeout = 5", { limits: { ...limits, idle: 5_000 } }],
  ['targets = ["http://a:1", "http://b:2"]', { targets: [A, { url: "http://b:2", connectTimeout }], health: EJECTION }],
  ['targets = [{ url = "http://a:1", weight = 3 }]', { targets: [{ ...A, weight: 3 }] }],
  ['strategy = "LeastConnections"', { balance: { strategy: "least_connections" } }],
  ['strategy = "hash"', { balance: { strategy: "hash", key: { kind: "address" } } }],
  [
    'strategy = "hash"\nhash_key = "header:X-Tenant"',
    { balance: { strategy: "hash", key: { kind: "header", name: "x-tenant" } } },
  ],
  [
    'strategy = "hash"\nhash_key = "cookie:Session"',
    { balance: { strategy: "hash", key: { kind: "cookie", name: "Session" } } },
  ],
  ["sticky_sessions = true", { balance: { strategy: "round_robin", sticky: "address" } }],
  ['sticky_sessions = "cookie"\nstrategy = "random"', { balance: { strategy: "random", sticky: "cookie" } }],
  ['resolve = "all"', { targets: [{ ...A, resolve: "all" }], health: EJECTION }],
  [
    'targets = ["http://a:1", "http://b:2"]\npassive_health.enabled = false',
    { targets: [A, { url: "http://b:2", connectTimeout }] },
  ],
  [
    'resolve = "all"\npassive_health = { consecutive_failures = 3, ejection_time = "5s" }',
    {
      targets: [{ ...A, resolve: "all" }],
      health: { ejection: { failures: 3, time: 5_000, outliers: OUTLIERS } },
    },
  ],
  [
    'resolve = "all"\npassive_health = { min_success_ratio = 0.5, max_latency_ratio = 3, window = 10, min_requests = 7 }',
    {
      targets: [{ ...A, resolve: "all" }],
      health: {
        ejection: {
          ...EJECTION.ejection,
          outliers: { window: 10_000, minRequests: 7, minSuccessRatio: 0.5, maxLatencyRatio: 3 },
        },
      },
    },
  ],
  [
    'resolve = "all"\npassive_health = { consecutive_failures = 0, min_success_ratio = 0 }',
    { targets: [{ ...A, resolve: "all" }], health: { ejection: { failures: 0, time: 10_000 } } },
  ],
  ["circuit_breaker = {}", { health: { breaker: BREAKER } }],
  [
    "circuit_breaker = { failure_threshold = 3, open_timeout = 10, test_requests = 1, failure_window = 20 }",
    {
      health: { breaker: { ...BREAKER, failures: 3, minRequests: 3, recovery: 10_000, successes: 1, window: 20_000 } },
    },
  ],
  ["circuit_breaker.min_requests = 9", { health: { breaker: { ...BREAKER, minRequests: 9 } } }],
  ["circuit_breaker.enabled = false", {}],
  [
    'http_health = { path = "/up", interval = 10 }\nmiddleware.headers.override_host = "app.example"',
    {
      hostHeader: "app.example",
      checks: [
        { ...CHECK, kind: "http", method: "GET", path: "/up", host: "app.example", statuses: [200], interval: 10_000 },
      ],
    },
  ],
  [
    'http_health = { method = "HEAD", host = "b.example", expected_status_codes = [204], unhealthy_threshold = 1 }',
    {
      checks: [
        {
          ...CHECK,
          kind: "http",
          method: "HEAD",
          path: "/health",
          host: "b.example",
          statuses: [204],
          unhealthyAfter: 1,
        },
      ],
    },
  ],
  [
    'websocket_health = { ping_message = "hi" }\ntcp_health = { timeout = "1s" }',
    {
      checks: [
        { ...CHECK, kind: "websocket", path: "/health", message: "hi" },
        { ...CHECK, kind: "tcp", timeout: 1_000 },
      ],
    },
  ],
  ["tcp_health = { enabled = false }", {}],
  [
    'targets = ["http://a:1", "http://b:2"]\nslow_start = "20s"',
    { targets: [A, { url: "http://b:2", connectTimeout }], health: { ...EJECTION, slowStart: 20_000 } },
  ],
  ['middleware.headers.override_host = "App.example:80"', { hostHeader: "app.example:80" }],
  ["ssl.backend_ssl = true", { targets: [{ ...A, url: "https://a:1" }] }],
  ["ssl = { enabled = false, backend_ssl = true }", {}],
])("%s acts on the requests to targets", async ([options, action]) => {
  expect((await route(options)).action).toEqual({ ...FORWARD, ...action });
});

test("limits of [server] hold for routes without their own", async () => {
  const server = "[server]\nrequest_timeout = 7\nmax_request_size_mb = 1.5";
  expect((await route("", server)).action).toMatchObject({ limits: { answer: 7_000, idle: 60_000, body: 1_500_000 } });
  expect((await route("timeout = 5", server)).action).toMatchObject({ limits: { answer: 5_000 } });
  expect((await route("max_request_size_mb = 2", server)).action).toMatchObject({ limits: { body: 2_000_000 } });
  expect((await route("max_request_size_mb = 0", server)).action).toMatchObject({ limits: { body: 0 } });
});

test.for<[options: string, connectTimeout: number]>([
  ["timeout = 3", 3_000],
  ["timeout = 0", 5_000],
  ['timeout = 3\ntargets = ["http://a:1", "http://b:2"]', 1_500],
  ['timeout = 3\nresolve = "all"', 1_500],
  ['timeout = 3\nconnection_timeout = 1\ntargets = ["http://a:1", "http://b:2"]', 1_000],
])("%j leaves time for another target: a connection may take %i ms", async ([options, expected]) => {
  const { action } = await route(options);
  const targets = action.kind === "forward" ? action.targets : [];
  expect(targets.map((each) => each.connectTimeout)).toEqual(targets.map(() => expected));
});

test("a tunnel has no time to connect", async () => {
  const server = '[server]\nlisten = "127.0.0.1:1"\n[tunnel.server]\nenabled = true';
  const { action } = await route('targets = ["tunnel://web", "http://a:1"]', server);
  expect(action).toMatchObject({ targets: [{ url: "tunnel://web" }, A] });
  expect(JSON.stringify(action).match(/connectTimeout/g)).toHaveLength(1);
});

test("the trust of a route is for its https targets only", async () => {
  const trust = { ca: "PEM" };
  const { action } = await route('targets = ["http://a:1", "https://b:2"]', "", trust);
  expect(action).toMatchObject({ targets: [{ url: "http://a:1" }, { url: "https://b:2", trust }] });
  expect(JSON.stringify(action).match(/PEM/g)).toHaveLength(1);
});

test("redirects and fixed responses", async () => {
  const redirect = await route('redirect = { to = "/new{rest}", status = 308 }');
  expect(redirect.action).toEqual({ kind: "redirect", to: "/new{rest}", status: 308 });
  expect((await route("respond = { status = 204 }")).action).toEqual({ kind: "respond", status: 204, text: "" });
});

test("each route has a name of its own: methods, host and path", async () => {
  const one = '[[proxy]]\nhost = "a.example"\nmethods = ["GET"]\ntarget = "http://a:1"\n';
  const names = routesOf(await valuesOf(one + one), {}).map(({ name }) => name);
  expect(names).toEqual(["GET a.example/*", "GET a.example/* (2)"]);
});
