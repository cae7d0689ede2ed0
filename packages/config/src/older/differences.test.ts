import { describe, expect, test } from "vitest";
import { TomlFile } from "../file/toml-file.js";
import { loadConfiguration } from "../load.js";

async function notes(toml: string): Promise<string[]> {
  const { differences } = loadConfiguration({ file: await TomlFile.read("old.toml", Buffer.from(toml)), env: {} });
  return differences.map(({ where, message }) => `${where} ${message}`);
}

const route = (path: string, more = ""): string => `[[proxy]]\npath = "${path}"\ntarget = "http://a"\n${more}\n`;
const TLS = "[server.ssl]\nenabled = true\ncert_file = 'a'\nkey_file = 'b'\n";

describe("a file of the older program gets a note about", () => {
  test.for([
    [
      "a prefix",
      route("/api/*"),
      ["old.toml:2:1 /api/* matches /api and everything below /api/. In the older program, it also matched /apix."],
    ],
    ["a limit of bodies", "[server]\nmax_request_size_mb = 2.5\n", [/413 for request bodies over 2\.5 MB/]],
    [
      "health endpoints that are off",
      "[server]\nenable_health_endpoints = false\n",
      [/does not serve \/health, \/ping and similar paths/],
    ],
    ["a redirect to HTTPS", `${TLS}redirect.enabled = true\n`, [/redirects HTTP requests to HTTPS on port 8443/]],
    ["the older name of the redirect", `${TLS}force_https = true\n`, [/^old\.toml:5:1 The redirect now has an effect/]],
    [
      "exempt paths",
      `${TLS}redirect = { enabled = true, exempt_paths = ["/a/", "/health"] }\n`,
      [/redirect/, /exempted \/healthx/],
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
