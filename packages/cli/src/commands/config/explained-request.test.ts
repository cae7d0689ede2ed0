import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { expect, onTestFinished, test } from "vitest";
import { CertificateAuthority, needs, scratchFolder } from "@postern/testkit";
import { run } from "../../main.js";
import { Output } from "../../terminal/output.js";

const FILE = `
[[proxy]]
path = "/api/*"
target = "http://127.0.0.1:3000"
[[proxy]]
path = "/api/*"
methods = ["DELETE"]
respond = { status = 403, text = "no" }
[[proxy]]
path = "/api/*"
headers = { X-Version = "2" }
client_ips = ["10.0.0.0/8"]
target = "http://127.0.0.1:3002"
[[proxy]]
host = "shop.example"
path = "/*"
respond = { status = 200, text = "shop" }
[[proxy]]
path = "/*"
redirect = { to = "https://www.example.com{path}", status = 301 }
`;

/** What `postern config explain` prints about a request. */
function explain(...args: string[]): Promise<string> {
  return explainFile(FILE, ...args);
}

async function explainFile(toml: string, ...args: string[]): Promise<string> {
  const file = join(scratchFolder(onTestFinished), "postern.toml");
  writeFileSync(file, toml, { mode: 0o600 });
  return explainLine("--config", file, ...args);
}

async function explainLine(...args: string[]): Promise<string> {
  const streams = { stdout: new PassThrough(), stderr: new PassThrough() };
  const terminal = {
    stdout: new Output(streams.stdout),
    stderr: new Output(streams.stderr),
    env: { HOME: "/nowhere" },
  };
  await run(["config", "explain", ...args], terminal);
  const read = (stream: PassThrough): string => String(stream.read() ?? "");
  return read(streams.stdout) + read(streams.stderr);
}

test("shows the route, what its target gets, and the routes that were tried", async () => {
  const text = await explain("GET", "http://a.example/api/users?x=1");
  expect(text).toContain("Route     /api/*\n");
  expect(text).toContain("http://127.0.0.1:3000  gets  GET /users?x=1  Host: 127.0.0.1:3000");
  expect(text).toMatch(
    /✗ DELETE \/api\/\* \(proxy\[1\]\) {2}needs method DELETE\n {2}✓ \/api\/\* .*takes it\n {2}· \/\* .*less specific/,
  );
});

test.for([
  ["", "in turn; weights 1, 2"],
  ['strategy = "first"', "the first that is available"],
  ['strategy = "hash"\nhash_key = "header:X-Tenant"', "by hash of the header x-tenant; weights 1, 2"],
])("shows how a target is chosen with %j: %s", async ([options, expected]) => {
  const targets = 'targets = [{ url = "http://a:1" }, { url = "http://b:2", weight = 2 }]';
  const text = await explainFile(`[[proxy]]\npath = "/*"\n${targets}\n${options}\n`, "GET", "http://a.example/");
  expect(text).toContain(`Choice    ${expected}\n`);
});

test("shows that targets with the weight 0 get no requests", async () => {
  const targets = 'targets = [{ url = "http://a:1", weight = 0 }, { url = "http://b:2", weight = 0 }]';
  const text = await explainFile(`[[proxy]]\npath = "/*"\n${targets}\n`, "GET", "http://a.example/");
  expect(text).toContain("Choice    none, because all targets have the weight 0\n");
});

test("shows fixed answers, redirects and refusals", async () => {
  expect(await explain("DELETE", "http://a.example/api/x")).toContain("Response  403");
  expect(await explain("http://a.example/x?y")).toContain("Redirect  301 to https://www.example.com/x?y");
  expect(await explain("GET", "http://a.example/api/%2e%2e/x")).toContain("Refused   PN_ROUTE_PATH");
});

test("shows the file that a folder sends", async () => {
  const folder = scratchFolder(onTestFinished);
  writeFileSync(join(folder, "index.html"), "app");
  const toml = `[static_config]\ndirectory = "${folder}"\nfallback = "index.html"\n`;
  expect(await explainFile(toml, "http://a.example/users/7?x")).toMatch(
    /Files +\/.*path {2}\/users\/7\nResponse +200, the fallback \/index.html: there is no such file\n/,
  );
  expect(await explainFile(toml, "http://a.example/.env.txt")).toContain(
    "404, the gateway's own page: a name in the path begins with a dot (dotfiles = false)\n",
  );
  expect(await explainFile(toml, "POST", "http://a.example/")).toContain("405, files accept GET, HEAD and OPTIONS");
  const { files } = JSON.parse(await explainFile(toml, "--json", "http://a.example/")) as Record<string, unknown>;
  expect(files).toEqual({ directory: folder, path: "/", status: 200, answer: "index", file: "/index.html" });
});

test("shows the file of a folder on the command line, as `postern serve FOLDER` sends it", async () => {
  const folder = scratchFolder(onTestFinished);
  writeFileSync(join(folder, "index.html"), "app");
  const line = ["--directory", folder, "GET", "http://localhost:8080/users/7"];
  expect(await explainLine(...line)).toContain("404, the gateway's own page: there is no such file\n");
  expect(await explainLine("--spa", ...line)).toContain("200, the fallback /index.html: there is no such file\n");
  expect(await explainLine("--directory", folder)).toMatch(/^# no configuration file\n/);
});

test("a port on which the gateway does not listen", async () => {
  expect(await explain("GET", "http://a.example:8080/api/users")).not.toContain("Listener");
  expect(await explain("GET", "http://a.example:9000/api/users")).toContain(
    "Listener  none: the gateway does not listen on port 9000, but on 8080 (HTTP). The rest assumes a proxy",
  );
  const found = JSON.parse(await explain("--json", "https://a.example/")) as Record<string, unknown>;
  expect(found["not_received"]).toBe("the gateway has no HTTPS ([server.ssl])");
});

test("as JSON", async () => {
  const found = JSON.parse(await explain("--json", "GET", "http://a.example/api/")) as Record<string, unknown>;
  expect(found).toMatchObject({
    request: { method: "GET", url: "http://a.example/api/", host: "a.example", headers: [], address: "127.0.0.1" },
    route: "/api/*",
    refusal: null,
    targets: [{ path: "/", host: "127.0.0.1:3000" }],
  });
});

test("header fields and the visitor's address select the route", async () => {
  const inside = ["--from", "10.1.2.3", "-H", "X-Version: 2", "--header", "X-Other:y"];
  const text = await explain(...inside, "GET", "http://a.example/api/x");
  expect(text).toContain("From      10.1.2.3\n");
  expect(text).toContain("http://127.0.0.1:3002  gets  GET /x");
  expect(await explain("-H", "x-version: 3", "GET", "http://a.example/api/x")).toMatch(
    /✗ \/api\/\* \(2\) \(proxy\[2\]\) {2}needs header x-version 2 and address 10\.0\.0\.0\/8\n/,
  );
  const { request } = JSON.parse(await explain("--json", ...inside, "http://a.example/")) as { request: unknown };
  expect(request).toEqual({
    method: "GET",
    url: "http://a.example/",
    host: "a.example",
    headers: [
      { name: "X-Version", value: "2" },
      { name: "X-Other", value: "y" },
    ],
    address: "10.1.2.3",
  });
});

test("the visitor's address is refused where the route excludes it", async () => {
  const toml = `[[proxy]]\npath = "/*"\ntarget = "http://a:1"\naccess.allow_ips = ["10.0.0.0/8"]\n`;
  const refused = await explainFile(toml, "http://a.example/");
  expect(refused).toContain("Refused   PN_ACCESS_ADDRESS: allow_ips or deny_ips of the route exclude");
  expect(await explainFile(toml, "--from", "10.1.2.3", "http://a.example/")).toContain("http://a:1  gets  GET /");
});

test("a Host field replaces the host of the URL, as in curl", async () => {
  expect(await explain("http://127.0.0.1:8080/", "-H", "Host: shop.example")).toContain("Response  200");
});

test("the redirect to HTTPS precedes the routes, except for exempt paths and unknown hosts", async (context) => {
  needs(context, "openssl");
  const { certificate, key } = new CertificateAuthority(onTestFinished).issue({ names: ["a.example"], days: 30 });
  const tls = `[server.ssl]\nenabled = true\nhttps_port = 9443\ncert_file = "${certificate}"\nkey_file = "${key}"\n`;
  const file = `${tls}[server.ssl.redirect]\nenabled = true\nexempt_paths = ["/api"]\n${FILE}`;
  const json = async (...args: string[]): Promise<unknown> => JSON.parse(await explainFile(file, "--json", ...args));

  const redirected = await explainFile(file, "GET", "http://a.example/x?y");
  expect(redirected).toContain("Redirect  301 to https://a.example:9443/x?y ([server.ssl.redirect])\n");
  expect(redirected).toContain("explain the https:// URL");
  expect(redirected).not.toContain("Route");
  expect(await json("POST", "http://a.example/x?y")).toMatchObject({
    route: null,
    refusal: null,
    https_redirect: { status: 308, location: "https://a.example:9443/x?y" },
    https_exempt: false,
    targets: [],
    candidates: [],
  });

  const exempt = await explainFile(file, "GET", "http://a.example/api/x");
  expect(exempt).toMatch(/HTTPS {5}not redirected: exempt_paths.*\nRoute {5}\/api\/\*\n/);
  expect(await json("http://a.example/api/x")).toMatchObject({
    route: "/api/*",
    https_redirect: null,
    https_exempt: true,
  });

  expect(await explainFile(file, "http://b.example/x")).toContain("Refused   PN_HTTP_HOST_UNKNOWN: the redirect");
  expect(await json("http://b.example/x")).toMatchObject({ refusal: "PN_HTTP_HOST_UNKNOWN", https_redirect: null });
  expect(await explainFile(file, "https://b.example/x")).toContain("Redirect  301 to https://www.example.com/x");
});

test("shows the steps of the route, in the order of a request", async () => {
  const toml = `[[proxy]]
path = "/*"
target = "http://127.0.0.1:3000"
access = { deny_ips = ["10.0.0.0/8"], rate_limit = { requests_per_minute = 60 } }
[proxy.middleware]
security_headers = true
headers = { remove_response_headers = ["Server"] }
cors = { allow_origins = ["*"] }
request_id = { response_header = "X-Request-Id" }
compression = { gzip = true }
auth = { bearer_token = "secret" }
maintenance = { enabled = true }
server_timing = { enabled = true }
transform.response = { remove_json_fields = ["a"] }
`;
  expect(await explainFile(toml, "http://a/")).toContain(
    "Steps     request id → addresses → rate limit → cors → maintenance → credential → security headers → headers → server timing → transform → compression\n",
  );
  expect(JSON.parse(await explainFile(toml, "--json", "http://a/"))).toMatchObject({
    steps: expect.arrayContaining(["transform", "compression"]) as unknown,
  });
});

test.for([
  [["users"], "is not a method and a URL"],
  [["-H", "X-Version 2", "http://a/"], "is not a header field"],
  [["-H", "X-A: b\r\nX-Version: 2", "http://a/"], "is not a header field"],
  [["-H", "Host: a b", "http://a/"], "does not contain a host"],
  [["-H", "Host: a", "-H", "Host: b", "http://a/"], "PN_HTTP_HOST_REPEATED"],
  [["-H", "Content-Length: x", "http://a/"], "PN_HTTP_CONTENT_LENGTH"],
  [["--from", "10.0.0.0/8", "http://a/"], "is not an IP address"],
  [["--from", "", "http://a/"], "is not an IP address"],
  [["--from", "example.com", "http://a/"], "is not an IP address"],
  [["--from", "10.0.0.1"], "need the method and the URL"],
] as const)("%j is a usage error: %s", async ([args, message]) => {
  const text = (await explain(...args)).replace(/\s+/g, " ");
  expect(text).toContain("PN_USAGE");
  expect(text).toContain(message);
});
