import { describe, expect, test } from "vitest";
import { ConfigError } from "../file/problem.js";
import { TomlFile } from "../file/toml-file.js";
import { loadConfiguration, type LoadedConfiguration } from "../load.js";

const ROUTE = "[[proxy]]\npath = '/'\n";
const TARGET = "target = 'http://a'\n";

interface Others {
  env?: Record<string, string>;
  flags?: Record<string, string>;
}

async function load(toml: string, { env = {}, flags = {} }: Others = {}): Promise<LoadedConfiguration> {
  return loadConfiguration({
    file: await TomlFile.read("postern.toml", Buffer.from(toml)),
    env,
    flags,
    command: "serve",
  });
}

async function problemsOf(toml: string): Promise<string[]> {
  const error: unknown = await load(toml).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error === undefined) return [];
  if (!(error instanceof ConfigError)) throw error;
  return error.problems.map(({ message }) => message);
}

describe("a route that is refused", () => {
  test.for([
    ["without path and host", `[[proxy]]\n${TARGET}`, /no path and no host/],
    ["without a target", ROUTE, /has no target/],
    ["with a target and targets", `${ROUTE}${TARGET}targets = ['http://b']\n`, /target and targets exclude each other/],
    ["with a target and a redirect", `${ROUTE}${TARGET}redirect.to = '/b'\n`, /target and redirect exclude/],
    ["with a redirect and a response", `${ROUTE}redirect.to = '/b'\nrespond.status = 200\n`, /redirect and respond/],
    ["with a webhook without a kind", `${ROUTE}${TARGET}access.webhook.secret = 'a'\n`, /a webhook requires a kind/],
    ["with a webhook without a secret", `${ROUTE}${TARGET}access.webhook.kind = 'github'\n`, /requires a secret/],
    ["with an empty secret", `${ROUTE}${TARGET}access.webhook = {kind='slack', secret=''}\n`, /the secret is empty/],
    [
      "with too many secrets",
      `${ROUTE}${TARGET}access.webhook = {kind='slack', secret=${JSON.stringify("abcdefghi".split(""))}}\n`,
      /at most 8 secrets/,
    ],
    [
      "with a signature in an unknown header",
      `${ROUTE}${TARGET}access.webhook = {kind='hmac', secret='a'}\n`,
      /"hmac" requires a header/,
    ],
    [
      "with a header that its kind does not have",
      `${ROUTE}${TARGET}access.webhook = {kind='github', secret='a', prefix='b'}\n`,
      /prefix is only for the kind "hmac"/,
    ],
    [
      "with a secret that is not base64",
      `${ROUTE}${TARGET}access.webhook = {kind='standard-webhooks', secret='whsec_!'}\n`,
      /a secret of this kind is base64/,
    ],
    ["with a rate limit without a limit", `${ROUTE}${TARGET}[proxy.access.rate_limit]\nmessage = 'a'\n`, /no limit/],
    [
      "with a burst without a rate",
      `${ROUTE}${TARGET}[proxy.access.rate_limit]\nburst = 5\nmax_concurrent = 1\n`,
      /burst needs requests_per_minute/,
    ],
    [
      "with an older window without a rate",
      `${ROUTE}${TARGET}[proxy.middleware.rate_limit]\nwindow_seconds = 5\n`,
      /window_seconds needs requests_per_minute/,
    ],
    [
      "with two rate limits",
      `${ROUTE}${TARGET}[proxy.access]\nrate_limit.max_concurrent = 5\n[proxy.middleware.rate_limit]\nmax_concurrent = 5\n`,
      /are both set/,
    ],
    [
      "with fields of a service that is not named",
      `${ROUTE}${TARGET}access.forward_auth.response_fields = ['Remote-User']\n`,
      /forward_auth has no url/,
    ],
    [
      "with logins over plain HTTP",
      `[server.oidc]\nissuer = 'http://auth.example'\nclient_id = 'a'\n${ROUTE}${TARGET}`,
      /issuer must use https/,
    ],
    [
      "with logins that come back to another path",
      `[server.oidc]\ncallback_url = 'https://auth.example/callback'\n${ROUTE}${TARGET}`,
      /callback_url must have the path \/\.postern\/oidc\/callback/,
    ],
    ...(
      [
        ["without host", "", /needs a route with host/],
        ["for an IP address", "host = '192.0.2.1'\n", /handshakes do not contain IP addresses/],
        ["without HTTPS", "host = 'a.example'\n", /needs HTTPS/],
      ] as const
    ).map(
      ([name, host, message]) =>
        [
          `with client certificates ${name}`,
          `${ROUTE}${host}${TARGET}access.client_ca_file = 'ca.pem'\n`,
          message,
        ] as const,
    ),
    [
      "with names in client certificates without a CA",
      `${ROUTE}host = 'a.example'\n${TARGET}access.client_names = ['ann']\n`,
      /client_names needs client_ca_file/,
    ],
    [
      "with a revocation list without a CA",
      `${ROUTE}host = 'a.example'\n${TARGET}access.client_crl_file = 'crl.pem'\n`,
      /client_crl_file needs client_ca_file/,
    ],
    [
      "with a limit by user without a login",
      `${ROUTE}${TARGET}access.rate_limit = { requests_per_minute = 6, by_user = true }\n`,
      /by_user needs a login/,
    ],
    [
      "with a limit by user whose logins are off",
      `${ROUTE}${TARGET}access.rate_limit = { requests_per_minute = 6, by_user = true }\naccess.oidc.enabled = false\n`,
      /by_user needs a login.*oidc/,
    ],
    ["with tokens without a key", `${ROUTE}${TARGET}access.jwt.issuer = 'https://a'\n`, /tokens require a key/],
    ["with tokens by a short secret", `${ROUTE}${TARGET}access.jwt.secret = 'a'\n`, /at least 32 bytes/],
    [
      "with tokens by keys of an issuer without an audience",
      `${ROUTE}${TARGET}access.jwt.jwks_url = 'https://a.example/keys'\n`,
      /requires audience/,
    ],
    [
      "with tokens and passwords",
      `${ROUTE}${TARGET}access.basic_auth = 'users'\naccess.jwt.public_key_file = 'a.pem'\n`,
      /basic_auth and jwt exclude each other/,
    ],
    [
      "with two credentials in one header",
      `${ROUTE}${TARGET}[proxy.middleware.auth]\nbearer_token = 'a'\nbasic_auth = 'a:b'\n`,
      /bearer_token and basic_auth exclude/,
    ],
    ["with a password without a user", `${ROUTE}${TARGET}middleware.auth.basic_auth = 'a'\n`, /"user:password"/],
    [
      "with a media type that is none",
      `${ROUTE}${TARGET}middleware.compression.types = ['text']\n`,
      /a media type, for instance/,
    ],
    [
      "with half a wildcard",
      `${ROUTE}${TARGET}middleware.compression.types = ['te*/html']\n`,
      /a media type, for instance/,
    ],
    ["with half an own header", `${ROUTE}${TARGET}middleware.auth.custom_auth_header = ['a']\n`, /\["name", "value"\]/],
    ["with half a key", `${ROUTE}${TARGET}middleware.auth.api_key.header_name = 'a'\n`, /header_name and key_value/],
    [
      "with an address that is none",
      `${ROUTE}${TARGET}access.deny_ips = ['10.0.0.0/33']\n`,
      /entry 1, must be an IP address/,
    ],
    [
      "with a list of addresses that anyone on the way could change",
      `${ROUTE}${TARGET}access.deny_ips = ['http://a.example/ips']\n`,
      /entry 1, must be an IP address/,
    ],
    ["with a target and files", `${ROUTE}${TARGET}files = '.'\n`, /target and files exclude/],
    [
      "with a folder without a name",
      `${ROUTE}files = " "\n`,
      /files\.directory must be a folder, for instance "\.\/public"/,
    ],
    [
      "with a latency ratio that ejects ordinary targets",
      `${ROUTE}${TARGET}passive_health.max_latency_ratio = 0.5\n`,
      /below 1 ejects targets of average speed/,
    ],
    ["with options of files, but no folder", `${ROUTE}${TARGET}files.browse = true\n`, /no directory. Add one/],
    [
      "with the files of one path, which is the folder itself",
      "[[proxy]]\npath = '/docs'\nfiles = 'docs'\n",
      /Write "\/docs\/\*", or set strip_prefix = false/,
    ],
    [
      "with an index in another folder",
      `${ROUTE}files = { directory = '.', index = ['a/b'] }\n`,
      /entry 1, must be a file name/,
    ],
    ["with a page outside the folder", `${ROUTE}files = { directory = '.', fallback = '../a' }\n`, /inside the folder/],
    ["with files that are a number", `${ROUTE}files = 3\n`, /files must be a text or a table. Write \[proxy\.files\]/],
    ["with a response without status", `${ROUTE}respond.text = 'a'\n`, /needs a status/],
    [
      "that rewrites the path of a response",
      `${ROUTE}respond.status = 200\nrewrite = '/b'\n`,
      /rewrite is only allowed with a target/,
    ],
    ["with a target without URL", `${ROUTE}[[proxy.targets]]\nweight = 1\n`, /this target has no url/],
    ["with a target twice", `${ROUTE}targets = ['http://b', 'http://B:80']\n`, /http:\/\/b is listed twice/],
    ["with a key, but no hash", `${ROUTE}${TARGET}hash_key = 'header:X-A'\n`, /hash_key needs the strategy "hash"/],
    [
      "with the body of a response that has none",
      `${ROUTE}${TARGET}http_health = { method = 'HEAD', expected_body = 'ok' }\n`,
      /a response to HEAD has no body/,
    ],
    [
      "with a ping that is too long",
      `${ROUTE}${TARGET}websocket_health.ping_message = '${"x".repeat(126)}'\n`,
      /ping_message must be a text of at most 125 bytes/,
    ],
    [
      "with another kind of session",
      `${ROUTE}${TARGET}sticky_sessions = 'ip'\n`,
      /must be false, "address" \(or true\)/,
    ],
    ["with another key", `${ROUTE}${TARGET}strategy = 'hash'\nhash_key = 'X-A'\n`, /hash_key must be a hash key/],
    ["to a tunnel of no server", `${ROUTE}target = 'tunnel://web'\n`, /tunnel:\/\/web needs the server of this file/],
    ["that redirects to any host", `${ROUTE}redirect.to = 'https://{host}/'\n`, /\{host\} needs a route with host/],
    ["with a redirect to //", `${ROUTE}redirect.to = '//evil.test'\n`, /redirect\.to must be a path or URL/],
    ["with a certificate without key", `${ROUTE}${TARGET}cert_file = 'a'\n`, /cert_file and key_file must be set/],
    [
      "with a client certificate without key",
      `${ROUTE}${TARGET}ssl.client_cert_file = 'a'\n`,
      /client_cert_file and client_key_file must be set together/,
    ],
  ] as [string, string, RegExp][])("%s", async ([, toml, message]) => {
    expect(await problemsOf(toml)).toEqual([expect.stringMatching(message)]);
  });
});

test.for([
  ["every kind of match", `[[proxy]]\nhost = '*.a.example'\nmethods = ['get']\nquery = { a = '*' }\n${TARGET}`],
  ["client addresses and fields", `${ROUTE}client_ips = ['10.0.0.0/8']\nheaders = { X-A = 'b' }\n${TARGET}`],
  ["a redirect to its host", "[[proxy]]\nhost = 'a.example'\nredirect.to = 'https://{host}{path}'\n"],
  ["a response", `${ROUTE}respond = { status = 404, text = 'gone' }\n`],
  ["a tunnel of the server", `${ROUTE}target = 'tunnel://web'\n[tunnel.server]\nenabled = true\nlisten = 9000\n`],
  ["files as a path", "[[proxy]]\npath = '/docs/*'\nfiles = './public'\n"],
  ["the file of one path", `${ROUTE}strip_prefix = false\nfiles = './public'\n`],
  [
    "files with a rewritten path",
    `${ROUTE}rewrite = '/a{path}'\n[proxy.files]\ndirectory = 'public'\nfallback = '/app.html'\n`,
  ],
  ["a hash of a header", `${ROUTE}targets = ['http://b', 'http://c']\nstrategy = 'hash'\nhash_key = 'header:X-A'\n`],
  [
    "health checks",
    `${ROUTE}${TARGET}http_health.path = '/up'\nwebsocket_health = {}\ntcp_health.interval = '5s'\nslow_start = '30s'\n`,
  ],
  ["a cookie for each visitor", `${ROUTE}targets = ['http://b', 'http://c']\nsticky_sessions = 'cookie'\n`],
  [
    "a limit for each user that logs in, with a table without options",
    `${ROUTE}${TARGET}access.rate_limit = { requests_per_minute = 6, by_user = true }\naccess.oidc = {}\n`,
  ],
  [
    "compression",
    `${ROUTE}${TARGET}middleware.compression = { types = ['*/*', 'text/*', 'a/b', 'application/*+json'] }\n`,
  ],
  ["weights", `${ROUTE}targets = [{ url = 'http://b', weight = 0 }, { url = 'http://c', weight = 9 }]\n`],
  ["targets by URL", `${ROUTE}targets = ['http://b', 'http://c']\n`],
] as [string, string][])("a route with %s is accepted", async ([, toml]) => {
  expect(await problemsOf(toml)).toEqual([]);
  expect((await load(toml)).unsupported().pending).toEqual([]);
});

test("a certificate of a route without host has no effect", async () => {
  const files = "cert_file = 'a'\nkey_file = 'b'\n";
  const warnings = async (route: string): Promise<string> =>
    (await load(`${route}${TARGET}${files}`)).warnings.map(({ message }) => message).join();
  expect(await warnings(ROUTE)).toContain("cert_file has no effect on a route without host");
  expect(await warnings(`${ROUTE}host = 'a.example'\n`)).toBe("");
});

test("a compression level that is too high counts as the highest one", async () => {
  const warnings = async (options: string): Promise<string> =>
    (await load(`${ROUTE}${TARGET}[proxy.middleware.compression]\n${options}\n`)).warnings
      .map(({ message }) => message)
      .join();
  expect(await warnings("level = 11\nbrotli = true")).toContain("level 11 counts as 6 for gzip and as 5 for Brotli: ");
  expect(await warnings("level = 9")).toContain("level 9 counts as 6 for gzip: ");
  expect(await warnings("level = 6\nbrotli = true")).toContain("level 6 counts as 5 for Brotli: ");
  expect(await warnings("level = 6")).toBe("");
  expect(await warnings("brotli = true")).toBe("");
  expect(await warnings("level = 11\ngzip = false")).toBe("");
});

test("a credential for targets has no effect on a route without one", async () => {
  const auth = "[proxy.middleware.auth]\nbearer_token = 'a'\n";
  const warnings = async (action: string): Promise<string> =>
    (await load(`${ROUTE}${action}${auth}`)).warnings.map(({ message }) => message).join();
  expect(await warnings("redirect.to = '/b'\n")).toContain(
    "[proxy.middleware.auth] has no effect on a route without a",
  );
  expect(await warnings(TARGET)).toBe("");
});

describe("where the gateway listens", () => {
  test.for([
    ["nothing is set", "", {}, "127.0.0.1:8080"],
    ["a port: on all addresses", "[server]\ndefault_port = 80\n", {}, "0.0.0.0:80"],
    ["an address", "[server]\nlisten = '[::1]:80'\n", {}, "[::1]:80"],
    ["--port and a port", "[server]\ndefault_port = 80\n", { flags: { "--port": "81" } }, "0.0.0.0:81"],
    ["--port and an address", "[server]\nlisten = '[::1]:80'\n", { flags: { "--port": "81" } }, "0.0.0.0:81"],
    ["--listen and a port", "[server]\ndefault_port = 80\n", { flags: { "--listen": "[::1]:1" } }, "[::1]:1"],
    [
      "a variable and a port",
      "[server]\ndefault_port = 80\n",
      { env: { POSTERN_SERVER_LISTEN: "81" } },
      "127.0.0.1:81",
    ],
  ] as [string, string, Others, string][])("%s", async ([, toml, others, address]) => {
    expect((await load(toml, others)).gatewayAddresses).toEqual({ http: address, https: undefined });
  });

  test("HTTPS uses the address of HTTP", async () => {
    const ssl = "[server.ssl]\nenabled = true\ncert_file = 'a'\nkey_file = 'b'\n";
    expect((await load(`${ssl}[server]\nlisten = '[::1]:80'\n`)).gatewayAddresses.https).toBe("[::1]:8443");
  });
});

describe("HTTPS of the gateway", () => {
  const SSL = "[server.ssl]\nenabled = true\n";
  const WILDCARD = "[server.ssl.wildcard]\ndomain = '*.a.example'\n";
  const FILES = "cert_file = 'a'\nkey_file = 'b'\n";
  test.for([
    ["no certificate", SSL, /HTTPS requires cert_file and key_file/],
    ["a certificate without key", `${SSL}cert_file = 'a'\n`, /must be set together/],
    ["a wildcard certificate without key", `${SSL}${WILDCARD}cert_file = 'a'\n`, /wildcard certificate requires/],
    ["a wildcard certificate that is off", `${SSL}${WILDCARD}enabled = false\n${FILES}`, /HTTPS requires/],
    ["no protocol", `${SSL}${FILES}protocols = []\n`, /protocols is empty/],
    ["the port of HTTP", `[server]\ndefault_port = 8443\n${SSL}${FILES}`, /\[server\] and https_port .* the same port/],
  ] as [string, string, RegExp][])("is refused with %s", async ([, toml, message]) => {
    expect(await problemsOf(toml)).toEqual([expect.stringMatching(message)]);
  });

  test("needs no other certificate beside a wildcard certificate, which needs no `enabled`", async () => {
    expect(await problemsOf(`${SSL}${WILDCARD}${FILES}`)).toEqual([]);
    expect(await problemsOf(`${SSL.replace("true", "false")}cert_file = 'a'\n`)).toEqual([]);
  });
});

describe("two parts on one port", () => {
  const server = (line: string): string => `[tunnel.server]\nenabled = true\n${line}\n`;
  const gateway = (line: string): string => `${ROUTE}${TARGET}[server]\n${line}\n`;
  test.for([
    ["the default addresses", gateway("") + server("")],
    ["all addresses and one of them", gateway("default_port = 9000") + server("listen = '127.0.0.1:9000'")],
    ["localhost and its address", gateway("listen = 'localhost:9000'") + server("listen = '127.0.0.1:9000'")],
    ["a separate port", gateway("default_port = 9000") + server("public_port = 9000")],
  ] as [string, string][])("are refused: %s", async ([, toml]) => {
    expect(await problemsOf(toml)).toEqual([expect.stringContaining("would use the same port")]);
  });

  test.for([
    ["different addresses", gateway("listen = '127.0.0.1:9000'") + server("listen = '127.0.0.2:9000'")],
    ["different ports", gateway("default_port = 9000") + server("listen = 9001")],
    ["ports that the system chooses", gateway("listen = 0") + server("listen = 0")],
    ["a server that is off", `${gateway("listen = 9000")}[tunnel.server]\nlisten = 9000\n`],
    ["a gateway without routes", `[server]\nlisten = 9000\n${server("listen = 9000")}`],
    ["separate ports", gateway("default_port = 8080") + server("tunnel_port = 8081")],
  ] as [string, string][])("are allowed: %s", async ([, toml]) => {
    expect(await problemsOf(toml)).toEqual([]);
  });

  test("are refused also between both addresses in one source", async () => {
    expect(await problemsOf("[server]\nlisten = 80\ndefault_port = 80\n")).toEqual([
      "listen and default_port are both set. Remove one of them.",
    ]);
  });
});

test("options for a folder need a folder as the local target of the endpoint", async () => {
  const endpoint = (local: string): string =>
    `[tunnel]\nenabled = true\n[[tunnel.endpoints]]\nserver_url = 'http://a'\nlocal = ${local}\nfiles.browse = true\n`;
  expect(await problemsOf(endpoint("3000"))).toEqual([
    expect.stringContaining("files needs a folder as the local target"),
  ]);
  for (const folder of ["'./public'", "'/srv/public'", "'.'"]) expect(await problemsOf(endpoint(folder))).toEqual([]);
});

test.each([
  ["[[tunnel.endpoints]]\nserver_url = 'https://a.example'\nlocal = '3000'\naccess.", "client_ca_file = 'ca.pem'"],
  ["[[tunnel.endpoints]]\nserver_url = 'https://a.example'\nlocal = '3000'\naccess.", "client_names = ['ann']"],
  ["[tunnel.server.policies.always]\n", "client_ca_file = 'ca.pem'"],
])("%stunnels do not support %s", async (table, line) => {
  const name = line.split(" ")[0]!;
  expect(await problemsOf(`${table}${line}\n`)).toEqual([
    `${name} is not supported for tunnels: only a [[proxy]] route with host can ask visitors for certificates. Remove it.`,
  ]);
});

test("tunnels do not support limits by user", async () => {
  const endpoint = "[[tunnel.endpoints]]\nserver_url = 'https://a.example'\nlocal = '3000'\n";
  const access = "access.basic_auth = 'users'\naccess.rate_limit = { requests_per_minute = 6, by_user = true }\n";
  expect(await problemsOf(endpoint + access)).toEqual([
    expect.stringContaining("by_user is not supported for tunnels"),
  ]);
});
