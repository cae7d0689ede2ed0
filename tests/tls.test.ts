import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { connect, type AddressInfo } from "node:net";
import { join } from "node:path";
import { createServer as createTlsServer } from "node:tls";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import {
  Cleanup,
  ClientProcess,
  exchange,
  needs,
  Published,
  scratchFolder,
  ServerProcess,
  type SkippableTest,
} from "@postern/testkit";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

let certificate = "";
let key = "";

/** Makes a certificate for localhost that nobody trusts who is not told to. */
function makeCertificate(context: SkippableTest): void {
  needs(context, "openssl");
  if (certificate !== "") return;
  const folder = scratchFolder(cleanup.defer);
  certificate = join(folder, "cert.pem");
  key = join(folder, "key.pem");
  const names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,DNS:*.localhost"];
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const files = ["-keyout", key, "-out", certificate, "-days", "2"];
  execFileSync("openssl", ["req", "-x509", ...curve, ...names, ...files], { stdio: "ignore" });
}

function credentials(): { cert: Buffer; key: Buffer } {
  return { cert: readFileSync(certificate), key: readFileSync(key) };
}

describe("a local service that speaks TLS", () => {
  async function startService(): Promise<string> {
    const service = createHttpsServer(credentials(), (request, response) => {
      let bytes = 0;
      request.on("data", (chunk: Buffer) => (bytes += chunk.length));
      request.on("end", () => response.end(`${request.method} ${bytes} ${"x".repeat(300_000)}`));
    });
    service.listen(0, "127.0.0.1");
    await once(service, "listening");
    onTestFinished(() => {
      service.closeAllConnections();
      service.close();
    });
    return `https://localhost:${(service.address() as AddressInfo).port}`;
  }

  test("is reached when its certificate is trusted", async (context) => {
    makeCertificate(context);
    const env = { NODE_EXTRA_CA_CERTS: certificate };
    const site = await Published.start(onTestFinished, await startService(), { env });
    const { status, body } = await site.visit("/", { method: "POST", body: Buffer.alloc(200_000) });
    expect([status, body.length]).toEqual([200, "POST 200000 ".length + 300_000]);
    expect(body.subarray(0, 12).toString()).toBe("POST 200000 ");
  });

  test("is not reached when it is not: 502, and the client says why", async (context) => {
    makeCertificate(context);
    const site = await Published.start(onTestFinished, await startService());
    expect((await site.visit("/")).status).toBe(502);
    expect((await site.client.event("error")).message).toMatch(/cannot be reached: .*certificate/i);
  });
});

describe("a TLS proxy before the server", () => {
  /** Ends TLS and passes bytes on, as a proxy does. */
  async function startProxy(port: number): Promise<number> {
    const proxy = createTlsServer(credentials(), (outer) => {
      const inner = connect(port, "127.0.0.1");
      outer.on("error", () => inner.destroy()).on("close", () => inner.destroy());
      inner.on("error", () => outer.destroy()).on("close", () => outer.destroy());
      outer.pipe(inner).pipe(outer);
    });
    proxy.listen(0, "127.0.0.1");
    await once(proxy, "listening");
    onTestFinished(() => void proxy.close());
    return (proxy.address() as AddressInfo).port;
  }

  test("clients come in by wss, and public URLs are the proxy's", async (context) => {
    makeCertificate(context);
    const server = await ServerProcess.start(onTestFinished, { args: ["--public-url", "https://localhost"] });
    const url = `https://localhost:${await startProxy(server.port)}`;
    const service = await startEcho();
    const env = { NODE_EXTRA_CA_CERTS: certificate };
    const client = await ClientProcess.start(onTestFinished, {
      server: { url },
      target: service,
      subdomain: "web",
      env,
    });
    expect(client.url.href).toBe("https://web.localhost/");
    const { body } = await exchange(server.port, { host: "web.localhost", path: "/" });
    expect(body.toString()).toBe("https");
  });

  test("a client that does not trust the certificate does not come in, and does not try again", async (context) => {
    makeCertificate(context);
    const server = await ServerProcess.start(onTestFinished);
    const url = `https://localhost:${await startProxy(server.port)}`;
    const client = ClientProcess.launch(onTestFinished, { server: { url }, target: 9 });
    await client.program.ends(1);
    expect((await client.event("connection_failure")).data).toMatchObject({ code: "PN_SERVER_UNTRUSTED" });
    expect(client.count("connection_attempt")).toBe(1);
  });
});

/** Answers with the X-Forwarded-Proto it got. Returns its port. */
async function startEcho(): Promise<number> {
  const service = createServer((request, response) => response.end(request.headers["x-forwarded-proto"]));
  service.listen(0, "127.0.0.1");
  await once(service, "listening");
  onTestFinished(() => {
    service.closeAllConnections();
    service.close();
  });
  return (service.address() as AddressInfo).port;
}
