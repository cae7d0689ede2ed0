import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { connect as connectTls } from "node:tls";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  CertificateAuthority,
  claimPort,
  Cleanup,
  exchange,
  needs,
  Origin,
  StartProcess,
  TEST_KEY,
  until,
  Wire,
  type CertificateFiles,
  type ExchangeOptions,
} from "@postern/testkit";
import { listening, tlsOrigin } from "./secure-origin.js";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());
beforeEach((context) => needs(context, "openssl"));

const SERVE = ["serve"];

/** Two keys of a table that name a certificate and its key. */
function files({ certificate, key }: CertificateFiles, prefix = ""): string {
  return `${prefix}cert_file = "${certificate}"\n${prefix}key_file = "${key}"\n`;
}

describe("a route, and what [server] says about all routes", () => {
  let process: StartProcess;
  let port: number;
  let origin: Origin;
  /** Accepts connections, and never answers a TLS handshake. */
  const stalled = createServer();
  /** Lets the response to a request that the origin holds continue. */
  const held = new Map<string, () => void>();

  beforeAll(async () => {
    origin = await Origin.start(cleanup.defer, (incoming, outgoing) => {
      const { method, url = "", headers } = incoming;
      const answer = (): void => void outgoing.end(`${method} ${url} ${headers.host}`);
      if (!url.startsWith("/hold")) return void incoming.resume().on("end", answer);
      if (url.startsWith("/hold-body")) outgoing.write("begin ");
      held.set(url, answer);
    });
    const ca = new CertificateAuthority(cleanup.defer);
    const secure = await tlsOrigin(ca, cleanup.defer);
    const silent = await listening(stalled, "127.0.0.1", cleanup.defer);
    process = StartProcess.launch(
      cleanup.defer,
      configuration(`http://127.0.0.1:${origin.port}`, `127.0.0.1:${secure}`, `127.0.0.1:${silent}`, ca),
      {},
      SERVE,
    );
    const { data } = await process.status("listening");
    // Without `listen`, the port is 8080.
    expect(data["address"]).toMatch(/^127\.0\.0\.1:(?!8080$)/);
    port = await process.gatewayPort();
  });

  const ask = (path: string, options: Partial<ExchangeOptions> = {}): ReturnType<typeof exchange> =>
    exchange(port, { host: "a.example", path, ...options });
  /** Status and body, or the code of an own page. */
  async function outcome(path: string, options: Partial<ExchangeOptions> = {}): Promise<string> {
    const { status, headers, body } = await ask(path, options);
    return `${status} ${String(headers["postern-error"] ?? body)}`;
  }
  const own = (): string => `127.0.0.1:${origin.port}`;

  test("takes only the requests that meet its conditions", async () => {
    expect(await outcome("/host", { host: "only.example" })).toBe(`200 GET / ${own()}`);
    expect(await outcome("/host")).toBe("404 PN_ROUTE_UNKNOWN");
    expect(await outcome("/methods", { method: "POST" })).toBe(`200 POST / ${own()}`);
    const refused = await ask("/methods");
    expect([refused.status, refused.headers.allow]).toEqual([405, "POST, PUT"]);
    expect(await outcome("/headers", { headers: { "X-Kind": "a" } })).toBe(`200 GET / ${own()}`);
    expect(await outcome("/headers", { headers: { "X-Kind": "b" } })).toBe("404 PN_ROUTE_UNKNOWN");
    expect(await outcome("/query?v=%32")).toBe(`200 GET /?v=%32 ${own()}`);
    expect(await outcome("/query?v=3")).toBe("404 PN_ROUTE_UNKNOWN");
    expect(await outcome("/visitors-here")).toBe(`200 GET / ${own()}`);
    expect(await outcome("/visitors-elsewhere")).toBe("404 PN_ROUTE_UNKNOWN");
  });

  test("gives its target the path, the query and the Host that it says", async () => {
    expect(await outcome("/strip/a?b")).toBe(`200 GET /base/a?b ${own()}`);
    expect(await outcome("/keep/a?b")).toBe(`200 GET /base/keep/a?b ${own()}`);
    expect(await outcome("/rewrite/a?b")).toBe(`200 GET /v2/a?b ${own()}`);
    expect(await outcome("/override")).toBe("200 GET / app.internal:81");
    expect(origin.last.headers["x-forwarded-host"]).toBe("a.example");
  });

  test("sends its requests to each of several targets", async () => {
    const answers = [];
    for (let n = 0; n < 4; n++) answers.push(await outcome("/several"));
    expect(answers.toSorted()).toEqual([1, 1, 2, 2].map((name) => `200 GET /${name} ${own()}`));
  });

  test("redirects, or answers by itself", async () => {
    const { status, headers } = await ask("/redirect/a%20b?c", { host: "only.example", method: "POST" });
    expect([status, headers.location]).toEqual([308, "https://only.example/redirect/a%20b?from=/a%20b&c"]);
    expect(await outcome("/respond")).toBe("418 short and stout");
  });

  test("with resolve = all makes a target of each address of a name, which the target itself does not notice", async () => {
    const targets = (): unknown[] =>
      process.events.filter(({ data }) => data["route"] === "/resolve-all").map(({ data }) => data["target"]);
    await until("a request to an address", async () => {
      expect(await outcome("/resolve-all")).toBe(`200 GET / localhost:${origin.port}`);
      return targets().some((target) => /^(127\.0\.0\.1|\[::1\]):/.test(String(target)));
    });
    await ask("/resolve-one");
    const { data } = await process.program.waitFor("the request", () =>
      process.events.find((event) => event.data["route"] === "/resolve-one"),
    );
    expect(data["target"]).toBe(`localhost:${origin.port}`);
  });

  test("request_timeout limits the time until a response begins, and timeout replaces it", async () => {
    const patient = ask("/patient/hold");
    await until("the request", () => held.has("/hold"));
    expect(await outcome("/default/hold-default")).toBe("504 PN_TARGET_TIMEOUT");
    held.get("/hold")!();
    expect((await patient).status).toBe(200);
  });

  test("connection_timeout limits the time to connect to a target", async () => {
    const usual = outcome("/stalled/default").catch(String);
    await once(stalled, "connection");
    // It begins later, and ends first.
    expect(await Promise.race([usual, outcome("/stalled/short")])).toBe("504 PN_TARGET_TIMEOUT");
    expect(await Promise.race([usual, Promise.resolve("waiting")])).toBe("waiting");
  });

  test("idle_timeout limits the time without progress of a response", async () => {
    const patient = ask("/patient/hold-body");
    await until("the request", () => held.has("/hold-body"));
    await expect(ask("/impatient/hold-body-2")).rejects.toThrow(/aborted|hang up|ECONNRESET/);
    held.get("/hold-body")!();
    expect((await patient).body.toString()).toMatch(/^begin GET/);
  });

  test("max_request_size_mb limits the body of a request", async () => {
    expect(await outcome("/patient/", { method: "POST", body: "x".repeat(1_000) })).toMatch(/^200 /);
    expect(await outcome("/patient/", { method: "POST", body: "x".repeat(1_001) })).toBe("413 PN_HTTP_BODY_TOO_LARGE");
  });

  test("max_request_size_mb of a route applies instead of that of [server]", async () => {
    expect(await outcome("/large/", { method: "POST", body: "x".repeat(3_000) })).toMatch(/^200 /);
    expect(await outcome("/large/", { method: "POST", body: "x".repeat(3_001) })).toBe("413 PN_HTTP_BODY_TOO_LARGE");
  });

  test("enable_health_endpoints = false leaves /health to the routes", async () => {
    for (const path of ["/health", "/ping", "/config/status"]) expect(await outcome(path)).toBe("404 PN_ROUTE_UNKNOWN");
  });

  test("verifies targets with TLS as [proxy.ssl] says", async () => {
    expect(await outcome("/tls/trusted/x")).toBe("200 origin.example undefined");
    expect(await outcome("/tls/other-name/x")).toBe("502 PN_TARGET_UNTRUSTED");
    expect(await outcome("/tls/other-ca/x")).toBe("502 PN_TARGET_UNTRUSTED");
    expect(await outcome("/tls/unverified/x")).toBe("200 false undefined");
    expect(await outcome("/tls/switched-off/x")).toBe("502 PN_TARGET_UNTRUSTED");
    expect(await outcome("/tls/http-url/x")).toBe("200 origin.example undefined");
    expect(await outcome("/tls/identified/x")).toBe("200 origin.example gateway");
  });

  test("a reload applies max_request_size_mb to all routes", async () => {
    process.replace(
      readFileSync(process.file, "utf8").replace("max_request_size_mb = 0.001", "max_request_size_mb = 0.002"),
    );
    await process.status("reloaded");
    expect(await outcome("/patient/", { method: "POST", body: "x".repeat(2_000) })).toMatch(/^200 /);
    expect(await outcome("/patient/", { method: "POST", body: "x".repeat(2_001) })).toBe("413 PN_HTTP_BODY_TOO_LARGE");
    expect(process.events.filter(({ data }) => data["state"] === "restart_needed")).toEqual([]);
  });
});

/** The file of the first process. */
function configuration(plain: string, secure: string, stalled: string, ca: CertificateAuthority): string {
  const client = ca.issue({ names: ["gateway"] });
  const route = (path: string, options: string): string => `[[proxy]]\npath = "${path}"\n${options}\n`;
  // A busy machine may need longer than `request_timeout`.
  const patient = 'timeout = "60s"\n';
  const to = (path: string, options = "", base = ""): string =>
    route(path, `target = "${plain}${base}"\n${patient}${options}`);
  const tls = (name: string, options: string, url = `https://${secure}`): string =>
    route(`/tls/${name}/*`, `target = "${url}"\n${patient}[proxy.ssl]\n${options}`);
  const trusted = `ca_file = "${ca.certificate}"\nsni_hostname = "origin.example"\n`;
  const named = plain.replace("127.0.0.1", "localhost");
  return `
[server]
listen = "127.0.0.1:0"
request_timeout = "200ms"
max_request_size_mb = 0.001
enable_health_endpoints = false
${to("/host", 'host = "only.example"')}
${to("/large/*", "max_request_size_mb = 0.003")}
${to("/methods", 'methods = ["POST", "PUT"]')}
${to("/headers", 'headers = { X-Kind = "a" }')}
${to("/query", 'query = { v = "2" }')}
${to("/visitors-here", 'client_ips = ["127.0.0.0/8"]')}
${to("/visitors-elsewhere", 'client_ips = ["10.0.0.0/8"]')}
${to("/strip/*", "", "/base")}
${to("/keep/*", "strip_prefix = false", "/base")}
${to("/rewrite/*", 'rewrite = "/v2{rest}"')}
${to("/override", 'middleware.headers.override_host = "app.internal:81"')}
${route("/several", `targets = ["${plain}/1", "${plain}/2"]\n${patient}`)}
${route("/redirect/*", 'host = "only.example"\nredirect = { to = "https://{host}{path}?from={rest}{query}", status = 308 }')}
${route("/respond", 'respond = { status = 418, text = "short and stout" }')}
${route("/resolve-all", `target = "${named}"\n${patient}resolve = "all"`)}
${route("/resolve-one", `target = "${named}"\n${patient}`)}
${route("/default/*", `target = "${plain}"`)}
${to("/patient/*")}
${route("/stalled/short", `target = "https://${stalled}"\n${patient}connection_timeout = "200ms"`)}
${route("/stalled/default", `target = "https://${stalled}"\n${patient}`)}
${to("/impatient/*", 'idle_timeout = "100ms"')}
${tls("trusted", trusted)}
${tls("other-name", `ca_file = "${ca.certificate}"`)}
${tls("other-ca", 'sni_hostname = "origin.example"')}
${tls("unverified", "verify_backend = false")}
${tls("switched-off", "enabled = false\nverify_backend = false")}
${tls("http-url", `${trusted}backend_ssl = true`, `http://${secure}`)}
${tls("identified", trusted + files(client, "client_"))}
`;
}

describe("[server.ssl]", () => {
  let process: StartProcess;
  let file: string;
  let port: number;
  let securePort: number;

  beforeAll(async () => {
    [port, securePort] = [await claimPort(), await claimPort()];
    const ca = new CertificateAuthority(cleanup.defer);
    const passphrase = "correct horse";
    file = `
[server]
default_port = ${port}
[server.ssl]
enabled = true
https_port = ${securePort}
${files(ca.issue({ names: ["gateway.example", "203.0.113.9"], passphrase }))}
key_passphrase = "${passphrase}"
cert_chain_file = "${ca.certificate}"
protocols = ["TLSv1.2"]
cipher_suites = ["TLS_AES_256_GCM_SHA384", "ECDHE-ECDSA-AES256-GCM-SHA384"]
[server.ssl.redirect]
enabled = true
exempt_paths = ["/.well-known", "/health"]
[server.ssl.wildcard]
domain = "*.wild.example"
${files(ca.issue({ names: ["*.wild.example"] }))}
[[proxy]]
path = "/*"
respond = { status = 200, text = "any" }
methods = ["POST"]
[[proxy]]
host = "shop.example"
respond = { status = 200, text = "shop" }
${files(ca.issue({ names: ["shop.example"] }))}
[[proxy]]
host = "*.sites.example"
respond = { status = 200, text = "site" }
`;
    process = StartProcess.launch(cleanup.defer, file, {}, SERVE);
    await process.status("listening");
  });

  async function redirect(host: string, path = "/a?b", method = "GET"): Promise<string> {
    const { status, headers } = await exchange(port, { host, path, method });
    return `${status} ${String(headers.location ?? headers["postern-error"])}`;
  }

  test("listens on default_port and https_port, on all addresses", async () => {
    const { data } = await process.status("listening");
    expect(data).toMatchObject({ address: `0.0.0.0:${port}`, secure_address: `0.0.0.0:${securePort}` });
  });

  test("presents the certificate for the name, with its chain, by the protocols and cipher suites of the file", async () => {
    expect(await handshake(securePort, "gateway.example")).toEqual({
      names: "DNS:gateway.example, IP Address:203.0.113.9",
      issuer: "test CA",
      protocol: "TLSv1.2 ECDHE-ECDSA-AES256-GCM-SHA384",
    });
    expect(await handshake(securePort, "a.wild.example")).toMatchObject({
      names: "DNS:*.wild.example",
      issuer: "undefined",
    });
    expect(await handshake(securePort, "shop.example")).toMatchObject({ names: "DNS:shop.example" });
    expect((await handshake(securePort, "other.example")).names).toContain("gateway.example");
  });

  test("redirects to the host of a certificate or a route, to a loopback address and to a private one", async () => {
    const known = ["gateway.example", "203.0.113.9", "a.wild.example", "shop.example", "x.y.sites.example"];
    for (const host of [...known, "localhost", "127.0.0.1", "[::1]", "192.168.1.5"])
      expect(await redirect(host)).toBe(`301 https://${host}:${securePort}/a?b`);
    expect(await redirect("shop.example", "/a", "POST")).toBe(`308 https://shop.example:${securePort}/a`);
  });

  test("redirects to no other host, because visitors and caches would follow whoever wrote it", async () => {
    for (const host of [
      "evil.example",
      "a.b.wild.example",
      "gateway.example.evil.example",
      "203.0.113.10",
      "[2606::1]",
    ])
      expect(await redirect(host)).toBe("421 PN_HTTP_HOST_UNKNOWN");
  });

  test("serves exempt paths by HTTP", async () => {
    expect((await exchange(port, { host: "shop.example", path: "/.well-known/x" })).body.toString()).toBe("shop");
    expect((await exchange(port, { host: "evil.example", path: "/health" })).body.toString()).toContain("healthy");
  });

  test("wildcard.enabled = false takes its certificate away, also by a reload", async () => {
    process.replace(file.replace("[server.ssl.wildcard]", "$&\nenabled = false"));
    await process.status("reloaded");
    expect((await handshake(securePort, "a.wild.example")).names).toContain("gateway.example");
    expect(await redirect("a.wild.example")).toBe("421 PN_HTTP_HOST_UNKNOWN");
  });

  test("while the gateway stops, its pages for monitors say so", async () => {
    const wire = await Wire.dial(cleanup.defer, port);
    const head = "GET /health HTTP/1.1\r\nHost: a.example\r\n";
    wire.write(`${head}\r\n${head}`);
    expect(await wire.read('"healthy"')).toMatch(/^HTTP\/1\.1 200 /);
    process.program.signal("SIGTERM");
    await process.status("draining");
    wire.write("\r\n");
    expect(await wire.read('"status":"stopping"')).toMatch(/HTTP\/1\.1 503 [^]*Connection: close/i);
    await process.program.ends(0);
  });
});

test("the wildcard certificate of [server.ssl] serves the tunnel server too, if it covers_tunnels", async () => {
  const [port, securePort, serverPort] = [await claimPort(), await claimPort(), await claimPort()];
  const ca = new CertificateAuthority(cleanup.defer);
  const process = StartProcess.launch(
    cleanup.defer,
    `
[server]
listen = "127.0.0.1:${port}"
[server.ssl]
enabled = true
https_port = ${securePort}
${files(ca.issue({ names: ["gateway.example"] }))}
[server.ssl.wildcard]
covers_tunnels = true
domain = "*.elsewhere.example"
${files(ca.issue({ names: ["*.wild.example"] }))}
[tunnel.server]
enabled = true
listen = "127.0.0.1:${serverPort}"
[tunnel.server.auth]
api_keys = ["me ${TEST_KEY}"]
[tunnel.server.ssl]
enabled = true
[[proxy]]
path = "/"
respond = { status = 204 }
`,
  );
  await process.status("listening", 2);
  for (const each of [securePort, serverPort])
    expect(await handshake(each, "a.wild.example")).toMatchObject({ names: "DNS:*.wild.example" });
  // `domain` says what the certificate is for.
  await process.program.waitFor("the warning", () =>
    /does not cover \*\.elsewhere\.example/.test(process.program.output),
  );
});

/** Connects by HTTPS. Closes the connection after the handshake. */
async function handshake(
  port: number,
  servername: string,
): Promise<{ names: string; issuer: string; protocol: string }> {
  const socket = connectTls({ host: "127.0.0.1", port, servername, rejectUnauthorized: false });
  await once(socket, "secureConnect");
  const { subjectaltname = "", issuerCertificate } = socket.getPeerCertificate(true);
  const protocol = `${socket.getProtocol()} ${socket.getCipher().name}`;
  socket.destroy();
  return { names: subjectaltname, issuer: String(issuerCertificate?.subject.CN), protocol };
}
