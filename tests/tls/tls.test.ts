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
  postern,
  Program,
  Published,
  ServerProcess,
  startTlsProxy,
  TEST_KEY,
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
    const target = await startService(certified(context));
    const site = await Published.start(onTestFinished, target);
    const { status, headers, body } = await site.visit("/");
    expect([status, headers["postern-error"]]).toEqual([502, "PN_ORIGIN_UNTRUSTED"]);
    expect(body.toString()).toContain("certificate");
    const { message, data } = await site.client.event("error");
    expect(message).toMatch(/cannot be reached: the certificate is self-signed: .*--local-ca-file.*--local-insecure/);
    expect(data).toMatchObject({ code: "PN_DIAL_UNTRUSTED" });

    const doctor = postern(onTestFinished, ["doctor", target, "--server", `http://localhost:${site.port}`], {
      env: { POSTERN_API_KEY: TEST_KEY },
    });
    await doctor.ends(1);
    expect(doctor.stdout).toMatch(/✗ local .*certificate is self-signed[^]*\(PN_DIAL_UNTRUSTED\)/);
    expect(doctor.stdout).not.toContain("Start the service");
  });

  test("is used with --local-insecure, which warns, and with its certificate in --local-ca-file", async (context) => {
    const files = certified(context);
    const target = await startService(files);
    const insecure = await Published.start(onTestFinished, target, { args: ["--local-insecure"] });
    expect((await insecure.visit("/")).status).toBe(200);
    expect(insecure.client.program.stderr).toMatch(/The certificate of the local service .* is not verified/);
    const trusted = await Published.start(onTestFinished, target, { args: ["--local-ca-file", files.certificate] });
    expect((await trusted.visit("/")).status).toBe(200);
    expect(trusted.client.program.stderr).not.toContain("not verified");
  });

  test("with an http:// target, page, client and doctor name the scheme", async (context) => {
    const target = (await startService(certified(context))).replace("https:", "http:");
    const site = await Published.start(onTestFinished, target);
    const { status, headers, body } = await site.visit("/");
    expect([status, headers["postern-error"]]).toEqual([502, "PN_ORIGIN_SCHEME"]);
    expect(body.toString()).toContain("HTTPS");
    const { message, data } = await site.client.event("error");
    expect([message, data]).toEqual([expect.stringContaining("use https://"), { code: "PN_DIAL_SCHEME" }]);
    const doctor = postern(onTestFinished, ["doctor", target, "--server", `http://localhost:${site.port}`], {
      env: { POSTERN_API_KEY: TEST_KEY },
    });
    await doctor.ends(1);
    expect(doctor.stdout).toMatch(/✗ local .*uses TLS \(PN_DIAL_SCHEME\)/);
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
