import { createHash } from "node:crypto";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { connect } from "@postern/client";
import {
  CertificateAuthority,
  claimPort,
  Cleanup,
  ClientProcess,
  ConnectProxy,
  needs,
  Origin,
  patternHash,
  patternStream,
  postern,
  Program,
  scratchFolder,
  ServerProcess,
  TEST_KEY,
  TokenIssuer,
  until,
  writeKeys,
  type ConnectProxyOptions,
} from "@postern/testkit";

const SECRET = "canary-0123456789";
const BULK = 2_000_000;
const cleanup = new Cleanup();
/** A server whose base domain does not resolve, so that it is reachable only through a proxy. */
let plain: { port: number; url: string };
let tlsServer: { port: number; url: string };
/** A service whose responses have BULK bytes. */
let bulk: Origin;
let ca: CertificateAuthority;

beforeAll(async () => {
  const openssl = await isThere("openssl");
  const certificate = (): string => {
    ca = new CertificateAuthority(cleanup.defer);
    const files = ca.issue({ names: ["tunnel.test", "*.tunnel.test"] });
    return `[tunnel.server.ssl]\nenabled = true\ncert_file = "${files.certificate}"\nkey_file = "${files.key}"\n`;
  };
  bulk = await Origin.start(cleanup.defer, (_, outgoing) => patternStream(BULK).pipe(outgoing));
  plain = await startServer("http", "");
  if (openssl) tlsServer = await startServer("https", certificate());
});
afterAll(() => cleanup.run());

async function isThere(program: string): Promise<boolean> {
  const which = new Program(cleanup.defer, "sh", { args: ["-c", `command -v ${program}`] });
  return (await which.exited).code === 0;
}

async function startServer(scheme: string, ssl: string): Promise<{ port: number; url: string }> {
  const folder = scratchFolder(cleanup.defer);
  const port = await claimPort();
  const keys = writeKeys(join(folder, "keys"), { tests: TEST_KEY });
  const file = join(folder, "postern.toml");
  writeFileSync(file, `[tunnel.server]\nlisten = "127.0.0.1:${port}"\nbase_domain = "tunnel.test"\n${ssl}`, {
    mode: 0o600,
  });
  const args = ["server", "--config", file, "--api-keys-file", keys, "--json"];
  const server = postern(cleanup.defer, args);
  await server.waitFor("it to listen", () => server.stdout.includes('"listening"'));
  return { port, url: `${scheme}://tunnel.test:${port}` };
}

interface Wish {
  server?: { url: string };
  target?: number;
  /** The configuration file. */
  toml?: string;
  env?: Record<string, string>;
  args?: string[];
}

/** Starts `postern http` without the proxies of the developer's environment. */
function launch({ server = plain, target = 9, toml = "", env = {}, args = [] }: Wish): ClientProcess {
  const file = join(scratchFolder(onTestFinished), "postern.toml");
  writeFileSync(file, toml, { mode: 0o600 });
  return ClientProcess.launch(onTestFinished, {
    server,
    target,
    args: ["--config", file, "--log-level", "debug", ...args],
    env: { ...NO_PROXIES, ...env },
  });
}

/** Clears the proxies of the developer's environment. */
const NO_PROXIES = Object.fromEntries(
  ["http_proxy", "https_proxy", "all_proxy", "no_proxy"]
    .flatMap((name) => [name, name.toUpperCase()])
    .map((name) => [name, ""]),
);

/** The response to `/` through the tunnel, from a server with or without TLS. */
async function visit(client: ClientProcess): Promise<Buffer> {
  const { protocol, port, host, hostname } = client.url;
  const options = { host: "127.0.0.1", port, headers: { host }, agent: false };
  const asked =
    protocol === "http:"
      ? http.request(options)
      : https.request({ ...options, servername: hostname, rejectUnauthorized: false });
  const [answer] = (await once(asked.end(), "response")) as [http.IncomingMessage];
  return Buffer.concat(await answer.toArray());
}

const startProxy = (options: ConnectProxyOptions): Promise<ConnectProxy> => ConnectProxy.start(onTestFinished, options);
const at = ({ port }: { port: number }, userinfo = "", scheme = "http"): string =>
  `${scheme}://${userinfo}127.0.0.1:${port}`;
const trusting = (): string => `[tunnel.ssl]\nca_file = "${ca.certificate}"\n`;

describe("a server that is reachable only through a proxy", () => {
  test("over ws, with HTTP_PROXY: requests arrive, and the client reconnects after a broken connection", async () => {
    const proxy = await startProxy({ port: plain.port });
    const client = launch({ target: bulk.port, env: { HTTP_PROXY: at(proxy) } });
    await client.event("tunnel_established");
    expect(new Set(proxy.asked)).toEqual(new Set([new URL(plain.url).host]));
    // Probes pass through the proxy too.
    await client.program.waitFor("a probe to come back", () =>
      client.events.some(({ type, data }) => type === "status_update" && data["data_plane"] === "ok"),
    );
    expect(sha256(await visit(client))).toBe(patternHash(BULK));
    proxy.drop();
    await client.event("tunnel_established", 2);
    await client.program.terminate();
    await until("the proxy to have no connections", () => proxy.connections === 0);
  });

  test("over wss, with HTTPS_PROXY: the certificate is verified through the proxy", async (context) => {
    needs(context, "openssl");
    const proxy = await startProxy({ port: tlsServer.port });
    const env = { HTTPS_PROXY: at(proxy), HTTP_PROXY: "http://127.0.0.1:9" };
    const client = launch({ server: tlsServer, target: bulk.port, toml: trusting(), env });
    await client.event("tunnel_established");
    expect(client.url.protocol).toBe("https:");
    expect(sha256(await visit(client))).toBe(patternHash(BULK));
    const stranger = launch({ server: tlsServer, env });
    await stranger.program.ends(1);
    expect(stranger.program.stderr).toContain("PN_SERVER_UNTRUSTED");
    expect(proxy.asked.length).toBeGreaterThan(1);
  });

  test("through an HTTPS proxy, if its certificate is trusted", async (context) => {
    needs(context, "openssl");
    const files = ca.issue({ names: ["localhost"] });
    for (const server of [plain, tlsServer]) {
      const proxy = await startProxy({ port: server.port, tls: files });
      const env = { ALL_PROXY: `https://localhost:${proxy.port}` };
      const client = launch({ server, target: bulk.port, toml: trusting(), env });
      await client.event("tunnel_established");
      expect(sha256(await visit(client))).toBe(patternHash(BULK));
      await client.program.terminate();
      const wary = launch({ server, env });
      await wary.program.ends(1);
      expect(wary.program.stderr).toContain("PN_PROXY_UNTRUSTED");
    }
  });

  test("an unknown proxy name is reported and resolved again", async () => {
    const client = launch({ env: { HTTP_PROXY: "http://proxy.invalid:3128" } });
    await client.event("connection_failure", 2);
    const { message, data } = await client.event("connection_failure");
    expect(data).toMatchObject({ code: "PN_PROXY_UNREACHABLE", retryable: true });
    expect(message).toMatch(/proxy\.invalid: (ENOTFOUND|EAI_AGAIN), /);
  });
});

describe("credentials of a proxy", () => {
  test("are sent to the proxy and to nothing else", async () => {
    const proxy = await startProxy({ port: plain.port, credentials: `me:${SECRET}@/` });
    const client = launch({ env: { HTTP_PROXY: at(proxy, `me:${SECRET}%40%2F@`) } });
    await client.event("tunnel_established");
    proxy.drop();
    await client.event("tunnel_established", 2);
    await client.program.terminate();
    expect(client.program.output).not.toContain(SECRET);
  });

  test.for([
    ["", /requires a user name and a password/],
    [`me:${SECRET}@`, /refused this user name and password/],
  ] as const)("with %j is refused once, with a hint", async ([userinfo, why]) => {
    const proxy = await startProxy({ port: plain.port, credentials: "me:another" });
    const client = launch({ env: { HTTP_PROXY: at(proxy, userinfo) } });
    await client.program.ends(3);
    expect(client.program.stderr).toContain("PN_PROXY_REFUSED");
    expect(client.program.stderr).toMatch(why);
    expect(client.program.output).not.toContain(SECRET);
    expect(proxy.asked).toHaveLength(1);
  });

  test("in the file are hidden by config explain and in error messages", async () => {
    const file = join(scratchFolder(onTestFinished), "postern.toml");
    const run = async (command: string, proxy: string, code: number): Promise<string> => {
      writeFileSync(file, `[tunnel]\nproxy = "${proxy}"\n`, { mode: 0o600 });
      const program = postern(onTestFinished, ["config", command, "--config", file]);
      await program.ends(code);
      return program.output;
    };
    const explained = await run("explain", `http://me:${SECRET}@proxy:3128`, 0);
    expect(explained).toMatch(/tunnel\.proxy.*"http:\/\/\*\*\*@proxy:3128"/);
    const mistakes = [`socks5://me:${SECRET}@proxy`, `http://me:${SECRET}/x@proxy`, `http://me:%zz${SECRET}@proxy`];
    for (const wrong of mistakes) {
      const complaint = await run("check", wrong, 2);
      expect(complaint).toMatch(/tunnel\.proxy must be "none", or the URL of a proxy/);
      expect(explained + complaint).not.toContain(SECRET);
    }
  });
});

describe("the choice of the proxy", () => {
  test("the file overrides the environment, the endpoint overrides the file, and an empty value disables the proxy", async () => {
    const proxy = await startProxy({ port: plain.port });
    const nowhere = "http://127.0.0.1:9";
    const first = launch({ toml: `[tunnel]\nproxy = "${at(proxy)}"\n`, env: { HTTP_PROXY: nowhere } });
    await first.event("tunnel_established");
    const second = launch({
      toml: `[tunnel]\nproxy = "${nowhere}"\n`,
      env: { POSTERN_TUNNEL_ENDPOINT_PROXY: at(proxy) },
    });
    await second.event("tunnel_established");
    // Without a proxy the server's name does not resolve.
    const third = launch({ toml: '[tunnel]\nproxy = "none"\n', env: { HTTP_PROXY: at(proxy) } });
    expect((await third.event("connection_failure")).message).toMatch(/tunnel\.test: /);
  });

  test("servers on this machine are reached without a proxy, unless the configuration names one", async () => {
    const server = await ServerProcess.start(onTestFinished);
    const proxy = await startProxy({ port: server.port });
    const env = { HTTP_PROXY: at(proxy), ALL_PROXY: at(proxy) };
    for (const url of [server.url, `http://localhost:${server.port}`])
      await launch({ server: { url }, env }).event("tunnel_established");
    expect(proxy.asked).toEqual([]);
    await launch({ server, env: { POSTERN_PROXY: at(proxy) } }).event("tunnel_established");
    expect(new Set(proxy.asked)).toEqual(new Set([`127.0.0.1:${server.port}`]));
  });

  test("each server has its own: the first is reached directly, the next through the proxy", async () => {
    const proxy = await startProxy({ port: plain.port });
    const file = join(scratchFolder(onTestFinished), "postern.toml");
    const servers = `server_url = "http://home.invalid:8080"\nfallback_urls = ["${plain.url}"]\n`;
    writeFileSync(file, `[tunnel]\nenabled = true\n[[tunnel.endpoints]]\nlocal = 9\n${servers}`, { mode: 0o600 });
    const env = { ...NO_PROXIES, POSTERN_API_KEY: TEST_KEY, HTTP_PROXY: at(proxy), NO_PROXY: ".invalid" };
    const client = postern(onTestFinished, ["start", "--config", file], { env, cwd: scratchFolder(onTestFinished) });
    await client.waitFor("the tunnel", () => /http:\/\/[a-z0-9-]+\.tunnel\.test/.test(client.output));
    expect(client.output).toMatch(/home\.invalid: (ENOTFOUND|EAI_AGAIN), /);
    expect(new Set(proxy.asked)).toEqual(new Set([new URL(plain.url).host]));
    // Both connections carry the credentials unencrypted.
    expect(client.output).toContain(`The connection to ${plain.url} is not encrypted`);
  });

  test("NO_PROXY exempts", async () => {
    const proxy = await startProxy({ port: plain.port });
    const client = launch({ env: { HTTP_PROXY: at(proxy), NO_PROXY: "example.com,.test" } });
    expect((await client.event("connection_failure")).message).toMatch(/tunnel\.test: /);
    expect(proxy.asked).toEqual([]);
  });

  test("an unusable value is reported before the first connection, without repeating it", async () => {
    const client = launch({ env: { ALL_PROXY: `socks5://me:${SECRET}@127.0.0.1:9` } });
    await client.program.ends(2);
    expect(client.program.stderr).toMatch(/ALL_PROXY: .*PN_CONFIG_INVALID[^]*POSTERN_PROXY=none/);
    expect(client.program.output).not.toContain(SECRET);
  });

  test("tokens are refreshed through the proxy too", async () => {
    const issuer = await TokenIssuer.start(onTestFinished);
    const proxy = await startProxy({ port: issuer.origin.port });
    const { refreshToken } = issuer;
    const refreshed = connect({
      server: "http://localhost:9",
      local: 9,
      tokenRefresh: { url: "http://issuer.test/token", refreshToken, proxy: at(proxy) },
      reconnection: { enabled: false },
    });
    await expect(refreshed).rejects.toMatchObject({ code: "PN_SERVER_UNREACHABLE" });
    expect([issuer.used, proxy.asked]).toEqual([[refreshToken], ["issuer.test:80"]]);

    const busy = await startProxy({});
    const client = launch({
      toml: `[tunnel.auth]\nmethod = "token"\n[tunnel.auth.token_refresh]\nrefresh_url = "https://issuer.test"\nrefresh_token = "${SECRET}"\n`,
      env: { POSTERN_API_KEY: "", HTTPS_PROXY: at(busy), XDG_STATE_HOME: scratchFolder(onTestFinished) },
    });
    expect((await client.event("connection_failure")).message).toMatch(/HTTP 502 to CONNECT issuer\.test:443/);
    expect(client.program.output).not.toContain(SECRET);
  });
});

test("postern doctor uses the proxy, which resolves the server's name", async () => {
  const proxy = await startProxy({ port: plain.port });
  const env = { ...NO_PROXIES, POSTERN_API_KEY: TEST_KEY, HTTP_PROXY: at(proxy) };
  const options = { env, cwd: scratchFolder(onTestFinished) };
  const well = postern(onTestFinished, ["doctor", "--server", plain.url], options);
  await well.ends(0);
  expect(proxy.asked.length).toBeGreaterThan(1);
  await proxy.close();
  const ill = postern(onTestFinished, ["doctor", "--server", plain.url], options);
  await ill.ends(1);
  expect(ill.output).toMatch(/PN_PROXY_UNREACHABLE|cannot be reached, or does not reach/);
});

describe("a proxy that responds", () => {
  test.for<[string, string, RegExp]>([
    ["bytes that are not HTTP", "220 mail.example ESMTP\r\n\r\n", /not HTTP/],
    ["HTTP 504", "HTTP/1.1 504 Gateway Timeout\r\n\r\n", /HTTP 504/],
    ["an endless head", `HTTP/1.1 200 OK\r\n${"Padding: of a field\r\n".repeat(1_000)}`, /more than 16 KiB/],
    ["a connection to another server", "HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 403 Forbidden\r\n\r\n", /HTTP 403/],
  ])("with %s is tried again", async ([, text, why]) => {
    const proxy = await startProxy({ answer: (socket) => socket.write(text) });
    const client = launch({ env: { HTTP_PROXY: at(proxy) } });
    await client.event("connection_failure", 2);
    expect((await client.event("connection_failure")).message).toMatch(why);
    expect(client.program.exit).toBeUndefined();
  });

  test("with nothing is tried again after the connection timeout", async () => {
    const proxy = await startProxy({ answer: () => {} });
    const env = { HTTP_PROXY: at(proxy), POSTERN_TUNNEL_ENDPOINT_CONNECTION_TIMEOUT: "300ms" };
    const client = launch({ env });
    await client.event("connection_failure", 2);
    const { data, message } = await client.event("connection_failure");
    expect(data).toMatchObject({ code: "PN_PROXY_UNREACHABLE" });
    expect(message).toMatch(/timed out while waiting for the response of the proxy 127\.0\.0\.1:\d+/);
  });
});

test("an aborted connect() of the SDK leaves no connection", async () => {
  const proxy = await startProxy({ answer: () => {} });
  const stop = new AbortController();
  const tunnel = connect({
    server: "https://tunnel.test",
    apiKey: TEST_KEY,
    local: 9,
    proxy: at(proxy),
    signal: stop.signal,
  });
  await until("the proxy to receive a request", () => proxy.asked.length === 1);
  stop.abort();
  await expect(tunnel).rejects.toMatchObject({ code: "PN_CLOSED" });
  await until("the connection to be closed", () => proxy.connections === 0);
  const unusable = connect({ server: "a.test", apiKey: "k", local: 9, proxy: "socks5://a" });
  await expect(unusable).rejects.toThrow(TypeError);
});

function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
