import { describe, expect, test } from "vitest";
import { TomlFile } from "../file/toml-file.js";
import { loadConfiguration, type LoadedConfiguration } from "../load.js";

async function load(name: string, toml: string): Promise<LoadedConfiguration> {
  return loadConfiguration({ file: await TomlFile.read(name, Buffer.from(toml)), env: {} });
}

async function notes(toml: string, name = "/etc/app_config.toml"): Promise<string[]> {
  const { differences } = await load(name, toml);
  return differences.map(({ where, message }) => `${where} ${message}`);
}

const route = (path: string, more = ""): string => `[[proxy]]\npath = "${path}"\ntarget = "http://a"\n${more}\n`;
const TLS = "[server.ssl]\nenabled = true\ncert_file = 'a'\nkey_file = 'b'\n";

describe("a file of the older program gets a note about", () => {
  test.for([
    [
      "a prefix",
      route("/api/*"),
      [
        "/etc/app_config.toml:2:1 /api/* matches /api and everything below /api/. In the older program, it also matched /apix.",
      ],
    ],
    ["a limit of bodies", "[server]\nmax_request_size_mb = 2.5\n", [/413 for request bodies over 2\.5 MB/]],
    [
      "health endpoints that are off",
      "[server]\nenable_health_endpoints = false\n",
      [/does not serve \/health, \/ping and similar paths/],
    ],
    ["a redirect to HTTPS", `${TLS}redirect.enabled = true\n`, [/redirects HTTP requests to HTTPS on port 8443/]],
    [
      "the older name of the redirect",
      `${TLS}force_https = true\n`,
      [/app_config\.toml:5:1 The redirect now has an effect/],
    ],
    [
      "exempt paths",
      `${TLS}redirect = { enabled = true, exempt_paths = ["/a/", "/health"] }\n`,
      [/redirect/, /exempted \/healthx/],
    ],
    [
      "weights",
      '[[proxy]]\npath = "/"\ntargets = [{ url = "http://a" }, { url = "http://b", weight = 2 }]\n',
      [/weights of targets now have an effect: round_robin of \/ sends requests to its targets by weight/],
    ],
    ["health checks", route("/", "http_health.path = '/up'"), [/all targets of \/ answer \/up/]],
    ["checks of WebSockets", route("/", "websocket_health.interval = 3"), [/all targets of \/ answer \/health/]],
    ["a circuit breaker", route("/", "circuit_breaker.failure_threshold = 3"), [/Here it opens after 3 failures/]],
    ["sticky sessions", route("/", "sticky_sessions = true"), [/applied only to WebSockets/]],
    ["static files", "[static_config]\nfallback = 'app.html'\n", [/accept HTML get app\.html/]],
  ] as [string, string, (string | RegExp)[]][])("%s", async ([, toml, messages]) => {
    expect(await notes(toml)).toEqual(
      messages.map((each) => (typeof each === "string" ? each : expect.stringMatching(each))),
    );
  });
});

describe("a file is taken for one of the older program if", () => {
  const prefix = route("/api/*");
  test.for([
    ["it has the older program's name", "/srv/app_config.toml", prefix],
    ["it contains an older name of an option", "old.toml", `${prefix}[server.ssl]\nforce_https = false\n`],
    ["it contains an option without effect", "old.toml", `${prefix}[server]\nmax_connections = 3\n`],
    [
      "it contains an older option that loses nothing",
      "old.toml",
      `${prefix}[tunnel.server.security]\nvalidate_host_headers = true\n`,
    ],
  ] as const)("%s", async ([, name, toml]) => {
    expect((await load(name, toml)).isOlder).toBe(true);
    expect(await notes(toml, name)).toEqual([expect.stringContaining("In the older program, it also matched /apix.")]);
  });
});

describe("a file that may be of either program", () => {
  const toml = [
    "[server]\nmax_request_size_mb = 2\nenable_health_endpoints = false",
    `${TLS}redirect = { enabled = true, exempt_paths = ["/health"] }`,
    "[static_config]\ndirectory = '.'",
    route("/api/*", "http_health.path = '/up'\nsticky_sessions = true\ncircuit_breaker.failure_threshold = 3"),
    route("/b/*"),
    route("/c/*"),
  ].join("\n");

  test("gets the same notes in words that need no knowledge of the older program, one for each topic", async () => {
    const { isOlder, differences } = await load("postern.toml", toml);
    expect(isOlder).toBe(false);
    expect(differences.map(({ line, message }) => `${line} ${message}`)).toEqual([
      "2 Visitors get 413 for request bodies over 2 MB.",
      "3 The gateway does not serve /health, /ping and similar paths.",
      "8 The gateway redirects HTTP requests to HTTPS on port 8443.",
      "8 /health in exempt_paths exempts /health and everything below /health/, but not /healthx.",
      "9 In [static_config], only requests that accept HTML get index.html for a missing path, browsers check files for changes (no-cache), and other origins are not allowed (CORS).",
      "12 /api/* matches /api and everything below /api/, but not /apix. See also lines 19 and 24.",
      "14 Make sure that all targets of /api/* answer /up.",
      "15 sticky_sessions of /api/* applies to all requests, not only to WebSockets.",
      "16 The circuit breaker of /api/* opens after 3 failures.",
    ]);
  });
});

describe("no note is made", () => {
  test.for([
    ["about routes that mean the same", route("/*") + route("/exact")],
    ["about switches that are off", route("/", "circuit_breaker.enabled = false\nsticky_sessions = false")],
    ["about a redirect without HTTPS", "[server.ssl.redirect]\nenabled = true\n"],
    ["about limits that have their default", "[server]\nenable_health_endpoints = true\nmax_request_size_mb = 0\n"],
    ["if a file uses an option of today", `${route("/api/*")}[server]\nlisten = 9000\n`],
    ["if a route uses an option of today", route("/api/*", "strip_prefix = true")],
  ] as [string, string][])("%s", async ([, toml]) => {
    expect(await notes(toml)).toEqual([]);
  });
});
