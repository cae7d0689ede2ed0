import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer as createTcpServer, type AddressInfo, type Socket } from "node:net";
import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";
import { afterAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import {
  CertificateAuthority,
  Cleanup,
  exchange,
  needs,
  Origin,
  Program,
  until,
  Wire,
  type CertificateFiles,
} from "@postern/testkit";
import { CuttableLink } from "../sessions/cuttable-link.ts";
import {
  install,
  isOpen,
  publish,
  shake as shakeHands,
  TlsServer,
  visit as visitSecurely,
  type Answer,
  type TlsServerOptions,
} from "./tls-server.ts";

const cleanup = new Cleanup();
const ca = new CertificateAuthority(cleanup.defer);
let files: CertificateFiles;
beforeEach(({ skip }) => {
  needs({ skip }, "openssl");
  files ??= ca.issue({ names: ["tunnel.test", "*.tunnel.test", "localhost"] });
});
afterAll(() => cleanup.run());

type Start = Partial<Omit<TlsServerOptions, "certificate">>;

const startServer = (options: Start = {}): Promise<TlsServer> =>
  TlsServer.start(onTestFinished, { certificate: files, ...options });

async function published(tlsServer: { url: string }, subdomain: string): Promise<Program> {
  const origin = await Origin.start(onTestFinished, (incoming, outgoing) =>
    outgoing.end(`${incoming.headers.host} ${String(incoming.headers["x-forwarded-proto"])}`),
  );
  const ssl = `ca_file = "${ca.certificate}"\nsni_hostname = "tunnel.test"`;
  const client = publish(tlsServer, origin.port, subdomain, ssl);
  await client.waitFor("its tunnel", () => isOpen(client));
  return client;
}

/** Sends one HTTPS request. The name of the handshake may differ from the request's. */
const visit = (port: number, host: string, servername = host, path = "/"): Promise<Answer> =>
  visitSecurely(port, { ca: ca.certificate, host, servername, path });

/** The socket of a handshake that trusts the CA, or the error. */
const shake = (port: number, options: ConnectionOptions): Promise<TLSSocket | Error> =>
  shakeHands(port, { ca: readFileSync(ca.certificate), ...options });

describe("clients over WSS and visitors over HTTPS share a port", () => {
  test("a tunnel has an https address, and its service receives the scheme", async () => {
    const tlsServer = await startServer();
    const client = await published(tlsServer, "web");
    expect(client.stdout).toContain(`"public_url":"https://web.tunnel.test:${tlsServer.port}"`);
    expect(await visit(tlsServer.port, "web.tunnel.test")).toMatchObject({
      status: 200,
      body: "web.tunnel.test https",
    });
    expect((await visit(tlsServer.port, "tunnel.test", "tunnel.test", "/health")).status).toBe(200);
    await client.terminate();
    await tlsServer.server.terminate();
  });

  test("visitors over HTTP are redirected there, unless the path is exempt", async () => {
    const tlsServer = await startServer({
      ssl: '[tunnel.server.ssl.redirect]\nexempt_paths = ["/.well-known/acme-challenge"]\n',
    });
    await published(tlsServer, "web");
    const host = `web.tunnel.test:${tlsServer.plain}`;
    const asked = (path: string, method = "GET") => exchange(tlsServer.plain, { host, path, method });
    for (const method of ["GET", "POST", "HEAD"]) {
      const { status, headers } = await asked("/a%2fb?x=1&y=%0d", method);
      expect([status, headers["location"]]).toEqual([308, `https://web.tunnel.test:${tlsServer.port}/a%2fb?x=1&y=%0d`]);
    }
    expect((await asked("/.well-known/acme-challenge/token")).status).toBe(200);
    expect((await asked("/.well-known/acme-challengeX")).status).toBe(308);
    // Even a client cannot connect without TLS, which would expose its key.
    const upgrade = { connection: "Upgrade", upgrade: "websocket" };
    expect((await exchange(tlsServer.plain, { host: "tunnel.test", path: "/connect", headers: upgrade })).status).toBe(
      308,
    );
  });

  test("a request whose host differs from the handshake's is refused with 421", async () => {
    const tlsServer = await startServer();
    await published(tlsServer, "web");
    for (const [host, servername] of [
      ["web.tunnel.test", "tunnel.test"],
      ["tunnel.test", "web.tunnel.test"],
      ["other.tunnel.test", "web.tunnel.test"],
    ] as const)
      expect((await visit(tlsServer.port, host, servername)).status).toBe(421);
    expect((await visit(tlsServer.port, "web.tunnel.test:9", "web.tunnel.test")).status).toBe(200);
  });
});

describe("handshakes", () => {
  test("a ClientHello in single bytes is answered", async () => {
    const tlsServer = await startServer();
    const hello = await recordedHello("web.tunnel.test");
    const wire = await Wire.dial(onTestFinished, tlsServer.port);
    for (const byte of hello) {
      wire.write(Buffer.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await until("a handshake record", () => wire.received[0] === 22);
  });

  test("plain HTTP gets a page, other bytes get an alert, and other connections continue", async () => {
    const tlsServer = await startServer();
    await published(tlsServer, "web");
    for (const [method, accept, type] of [
      ["GET", "text/html", "text/html"],
      ["POST", "application/json", "application/json"],
      ["HEAD", "*/*", "text/plain"],
    ] as const) {
      const headers = { accept, connection: "close" };
      const response = await exchange(tlsServer.port, { host: "web.tunnel.test", path: "/", method, headers });
      expect(response).toMatchObject({ status: 400, headers: { "postern-error": "PN_HTTP_PLAIN" } });
      expect(response.headers["content-type"]).toContain(type);
      expect(response.body.includes("https://")).toBe(method !== "HEAD");
    }
    for (const bytes of ["\x16\x03\x01\x00\x04\x02\x00\x00\x00", "\x00", "\x16\x03\x01\xff\xff"]) {
      const other = await Wire.dial(onTestFinished, tlsServer.port);
      other.write(Buffer.from(bytes, "latin1"));
      expect(await other.over()).toBe("end");
      expect([...other.received.subarray(0, 6)]).toEqual([21, 3, 3, 0, 2, 2]);
    }
    expect((await visit(tlsServer.port, "web.tunnel.test")).status).toBe(200);
  });

  test("a handshake that OpenSSL refuses gets an alert too", async () => {
    const tlsServer = await startServer();
    const old = {
      servername: "tunnel.test",
      minVersion: "TLSv1",
      maxVersion: "TLSv1.1",
      ciphers: "ALL:@SECLEVEL=0",
    } as const;
    expect(await shake(tlsServer.port, old)).toMatchObject({ code: expect.stringContaining("ALERT_PROTOCOL_VERSION") });
  });

  test("silent connections and abandoned handshakes do not affect others", async () => {
    const tlsServer = await startServer();
    await published(tlsServer, "web");
    const silent = await Promise.all(Array.from({ length: 50 }, () => Wire.dial(onTestFinished, tlsServer.port)));
    for (const wire of silent.slice(0, 25)) wire.write(Buffer.from("\x16\x03\x01\x02\x00\x01", "latin1"));
    for (const wire of silent.slice(0, 10)) wire.reset();
    expect((await visit(tlsServer.port, "web.tunnel.test")).status).toBe(200);
    // The others end at their own deadline.
    await Promise.all(silent.slice(10).map((wire) => wire.over()));
    expect((await visit(tlsServer.port, "web.tunnel.test")).status).toBe(200);
  });

  test("the certificate of the requested name is used", async () => {
    const own = ca.issue({ names: ["own.tunnel.test"], algorithm: "rsa" });
    const second = `[[tunnel.server.ssl.certificates]]\ncert_file = "${own.certificate}"\nkey_file = "${own.key}"\n`;
    const tlsServer = await startServer({ ssl: second });
    const namesOf = async (servername: string): Promise<string | undefined> =>
      ((await shake(tlsServer.port, { servername })) as TLSSocket).getPeerX509Certificate()?.subject;
    expect(await namesOf("own.tunnel.test")).toBe("CN=own.tunnel.test");
    expect(await namesOf("any.tunnel.test")).toBe("CN=tunnel.test");
  });
});

describe("a corrupt record ends a client's session at once", () => {
  test.for(["client", "server"] as const)("when the %s receives it", async (side) => {
    const tlsServer = await startServer();
    const link = await CuttableLink.start(onTestFinished, tlsServer.port);
    const client = await published({ url: link.url.replace("http:", "https:") }, "web");
    link.inject(side, Buffer.concat([Buffer.of(0x17, 3, 3, 0, 64), Buffer.alloc(64, 7)]));
    await client.ends(4);
    await until("the session to end", () => tlsServer.server.stderr.includes('"client session ended"'));
    // A heartbeat would notice the loss too, but only after two intervals of ten seconds.
    expect(client.stdout).not.toContain("PN_HEARTBEAT_LOST");
  });
});

describe("certificates change while the server runs", () => {
  const serialOf = async (port: number): Promise<string | undefined> =>
    ((await shake(port, { servername: "tunnel.test" })) as TLSSocket).getPeerX509Certificate()?.serialNumber;

  test("new connections use the new certificate; hundreds of open ones continue", async () => {
    const tlsServer = await startServer();
    const client = await published(tlsServer, "web");
    const open = await Promise.all(
      Array.from(
        { length: 500 },
        async () => (await shake(tlsServer.port, { servername: "web.tunnel.test" })) as TLSSocket,
      ),
    );
    let closed = 0;
    for (const socket of open) socket.on("close", () => (closed += 1));
    const before = await serialOf(tlsServer.port);
    install(tlsServer.folder, "server", ca.issue({ names: ["tunnel.test", "*.tunnel.test"] }));
    await until("the new certificate to be used", async () => (await serialOf(tlsServer.port)) !== before);
    for (const socket of open) socket.write("GET / HTTP/1.1\r\nHost: web.tunnel.test\r\n\r\n");
    const responses = open.map((socket) => new Promise((resolve) => socket.once("data", resolve)));
    expect((await Promise.all(responses)).map(String).every((text) => text.startsWith("HTTP/1.1 200"))).toBe(true);
    expect(closed).toBe(0);
    expect(client.stdout.match(/"tunnel_established"/g)).toHaveLength(1);
  });

  test("an expired one is served from the start, with a warning, until a valid one replaces it", async () => {
    const expired = ca.issue({ names: ["tunnel.test"], days: -1 });
    const tlsServer = await TlsServer.start(onTestFinished, { certificate: expired });
    expect(tlsServer.server.output).toMatch(/server\.pem expired on .* Renew it/);
    const shaken = (): ReturnType<typeof shake> => shake(tlsServer.port, { servername: "tunnel.test" });
    expect(await shaken()).toMatchObject({ code: "CERT_HAS_EXPIRED" });
    install(tlsServer.folder, "server", ca.issue({ names: ["tunnel.test"] }));
    await until("the new one", async () => !((await shaken()) instanceof Error));
  });

  test("an expired, foreign or broken certificate is reported, and the previous one is kept", async () => {
    const tlsServer = await startServer();
    const before = await serialOf(tlsServer.port);
    const good = files;
    const isRefused = (code: string): boolean =>
      tlsServer.server.stdout
        .split("\n")
        .some((line) => line.includes("configuration_refused") && line.includes(`"${code}"`));
    for (const [bad, code] of [
      [ca.issue({ names: ["tunnel.test"], days: -1 }), "PN_TLS_EXPIRED"],
      [{ certificate: good.certificate, key: ca.issue({ names: ["x.test"] }).key }, "PN_TLS_KEY"],
      [{ certificate: good.key, key: good.key }, "PN_TLS_FILE"],
    ] as const) {
      install(tlsServer.folder, "server", bad);
      tlsServer.server.signal("SIGHUP");
      await tlsServer.server.waitFor(`the refusal with ${code}`, () => isRefused(code));
      expect(await serialOf(tlsServer.port)).toBe(before);
    }
  });
});

/** The first bytes that Node's OpenSSL sends. */
async function recordedHello(servername: string): Promise<Buffer> {
  const listener = createTcpServer().listen(0, "127.0.0.1");
  await once(listener, "listening");
  const client = connect({ host: "127.0.0.1", port: (listener.address() as AddressInfo).port, servername });
  client.on("error", () => {});
  const [socket] = (await once(listener, "connection")) as [Socket];
  const [bytes] = (await once(socket, "data")) as [Buffer];
  for (const each of [socket, client]) each.destroy();
  listener.close();
  return bytes;
}
