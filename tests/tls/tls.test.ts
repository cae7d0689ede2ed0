import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import {
  claimPort,
  Cleanup,
  ClientProcess,
  makeCertificate,
  needs,
  Program,
  Published,
  ServerProcess,
  startTlsProxy,
  until,
  type CertificateFiles,
  type SkippableTest,
} from "@postern/testkit";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

let files: CertificateFiles | undefined;

/** The certificate that all tests of this file share. */
function certified(context: SkippableTest): CertificateFiles {
  needs(context, "openssl");
  return (files ??= makeCertificate(cleanup.defer));
}

describe("a local service with TLS", () => {
  async function startService({ certificate, key }: CertificateFiles): Promise<string> {
    const credentials = { cert: readFileSync(certificate), key: readFileSync(key) };
    const service = createHttpsServer(credentials, (request, response) => {
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
    const files = certified(context);
    const env = { NODE_EXTRA_CA_CERTS: files.certificate };
    const site = await Published.start(onTestFinished, await startService(files), { env });
    const { status, body } = await site.visit("/", { method: "POST", body: Buffer.alloc(200_000) });
    expect([status, body.length]).toEqual([200, "POST 200000 ".length + 300_000]);
    expect(body.subarray(0, 12).toString()).toBe("POST 200000 ");
  });

  test("notices a visitor that leaves, and the tunnel stays open", async (context) => {
    const files = certified(context);
    const credentials = { cert: readFileSync(files.certificate), key: readFileSync(files.key) };
    let broken = 0;
    const service = createHttpsServer(credentials, (request, response) => {
      if (request.url === "/whole") return response.end("whole");
      response.on("close", () => (broken += response.writableFinished ? 0 : 1));
      response.write("begun");
    });
    service.listen(0, "127.0.0.1");
    await once(service, "listening");
    onTestFinished(() => {
      service.closeAllConnections();
      service.close();
    });
    const target = `https://localhost:${(service.address() as AddressInfo).port}`;
    const env = { NODE_EXTRA_CA_CERTS: files.certificate };
    const site = await Published.start(onTestFinished, target, { env });
    for (const nth of [1, 2, 3]) {
      const visitor = await site.ask(onTestFinished, "GET /begun");
      await visitor.read("begun");
      visitor.reset();
      await until("the service to notice", () => broken === nth);
    }
    expect((await site.visit("/whole")).body.toString()).toBe("whole");
    expect(site.client.count("tunnel_established")).toBe(1);
  });

  test("causes 502 when its certificate is not trusted, and the client reports why", async (context) => {
    const site = await Published.start(onTestFinished, await startService(certified(context)));
    expect((await site.visit("/")).status).toBe(502);
    expect((await site.client.event("error")).message).toMatch(/cannot be reached: .*certificate/i);
  });
});

describe("a TLS proxy in front of the server", () => {
  test("clients connect over wss, public URLs are the proxy's, and services receive the scheme", async (context) => {
    needs(context, "nginx", "curl");
    const files = certified(context);
    const port = await claimPort();
    const url = `https://localhost:${port}`;
    const args = ["--public-url", url, "--trusted-proxies", "127.0.0.1"];
    const server = await ServerProcess.start(onTestFinished, { args });
    await startTlsProxy(onTestFinished, port, server.port, files);
    const client = await ClientProcess.start(onTestFinished, {
      server: { url },
      target: await startEcho(),
      subdomain: "web",
      env: { NODE_EXTRA_CA_CERTS: files.certificate },
    });
    expect(client.url.href).toBe(`https://web.localhost:${port}/`);
    const curl = new Program(onTestFinished, "curl", { args: ["-sS", "--cacert", files.certificate, client.url.href] });
    await curl.ends(0);
    expect(curl.stdout).toBe("https");
  });

  test("a client that does not trust the certificate ends without another attempt", async (context) => {
    needs(context, "nginx");
    const port = await claimPort();
    const server = await ServerProcess.start(onTestFinished);
    await startTlsProxy(onTestFinished, port, server.port, certified(context));
    const url = `https://localhost:${port}`;
    const client = ClientProcess.launch(onTestFinished, { server: { url }, target: 9 });
    await client.program.ends(1);
    expect((await client.event("connection_failure")).data).toMatchObject({ code: "PN_SERVER_UNTRUSTED" });
    expect(client.count("connection_attempt")).toBe(1);
  });
});

/** Starts a service that returns the X-Forwarded-Proto it received. Returns its port. */
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
