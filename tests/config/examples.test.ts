import { once } from "node:events";
import { chmodSync, copyFileSync, readFileSync, writeFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import {
  CertificateAuthority,
  claimPort,
  Cleanup,
  exchange,
  needs,
  Origin,
  postern,
  scratchFolder,
  TEST_KEY,
  TokenIssuer,
  writeKeys,
  type Program,
} from "@postern/testkit";

const EXAMPLES = new URL("../../examples/config/", import.meta.url);
const DOMAIN = "tunnel.localhost";

const cleanup = new Cleanup();
/** The CA of the server's certificate. */
let servers: CertificateAuthority;
/** The CA of client certificates. */
let clients: CertificateAuthority;
beforeEach((context) => {
  needs(context, "openssl");
  servers ??= new CertificateAuthority(cleanup.defer, "servers");
  clients ??= new CertificateAuthority(cleanup.defer, "clients");
});
afterAll(() => cleanup.run());

/** The example files of a login method, in a folder with the files that they refer to. */
class LoginExample {
  readonly folder = scratchFolder(onTestFinished);
  readonly #name: string;
  readonly #replacements: [from: string, to: string][];
  readonly port: number;

  private constructor(name: string, port: number, replacements: [from: string, to: string][]) {
    this.#name = name;
    this.port = port;
    this.#replacements = replacements;
    copyFileSync(servers.certificate, join(this.folder, "ca.pem"));
    const { certificate, key } = servers.issue({ names: [DOMAIN, `*.${DOMAIN}`] });
    this.install("server", certificate, key);
  }

  static async prepare(name: string, replacements: [from: string, to: string][] = []): Promise<LoginExample> {
    const [port, origin] = [
      await claimPort(),
      await Origin.start(onTestFinished, (_, outgoing) => outgoing.end("here")),
    ];
    return new LoginExample(name, port, [
      ["https://tunnel.example.com", `https://${DOMAIN}:${port}`],
      ["tunnel.example.com", DOMAIN],
      ["0.0.0.0:443", `127.0.0.1:${port}`],
      ["public_https_port = 443", `public_https_port = ${port}`],
      ["local = 3000", `local = ${origin.port}`],
      ["# ca_file", "ca_file"],
      ...replacements,
    ]);
  }

  install(name: string, certificate: string, key: string): void {
    copyFileSync(certificate, join(this.folder, `${name}.pem`));
    copyFileSync(key, join(this.folder, `${name}.key`));
    chmodSync(join(this.folder, `${name}.key`), 0o600);
  }

  async serve(): Promise<Program> {
    const server = postern(onTestFinished, ["server", "--config", this.#file("server"), "--json"]);
    await server.waitFor("it to listen", () => server.stdout.includes('"listening"'));
    return server;
  }

  /** Checks the login, then starts the client. `env` contains values that the reader provides. */
  async start(env: Record<string, string> = {}): Promise<Program> {
    const given = { env: { XDG_STATE_HOME: this.folder, ...env } };
    const file = this.#file("client");
    await postern(onTestFinished, ["auth", "check", "--config", file], given).ends(0);
    const client = postern(onTestFinished, ["start", "--config", file, "--json"], given);
    await client.waitFor("its tunnel", () => client.stdout.includes('"tunnel_established"'));
    return client;
  }

  /** Returns status and body of a visit to the tunnel. */
  async visit(name: string): Promise<string> {
    const servername = `${name}.${DOMAIN}`;
    const headers = { Host: `${servername}:${this.port}` };
    const ca = readFileSync(servers.certificate);
    const outgoing = request({ host: "127.0.0.1", port: this.port, servername, headers, ca, agent: false }).end();
    const [response] = (await once(outgoing, "response")) as [IncomingMessage];
    let body = "";
    for await (const chunk of response) body += String(chunk);
    return `${response.statusCode} ${body}`;
  }

  /** Writes the example with the values of this test. */
  #file(side: "server" | "client"): string {
    const template = readFileSync(new URL(`${this.#name}-${side}.toml`, EXAMPLES), "utf8");
    const text = this.#replacements.reduce((before, [from, to]) => before.replaceAll(from, to), template);
    expect(text, "all addresses are on this machine").not.toMatch(/^[^#]*example\.com/m);
    const file = join(this.folder, `${side}.toml`);
    writeFileSync(file, text, { mode: 0o600 });
    return file;
  }
}

describe("the example files open a tunnel by HTTPS", () => {
  test("by API key, with a redirect from HTTP", async () => {
    const plain = await claimPort();
    const example = await LoginExample.prepare("api-key", [["0.0.0.0:80", `127.0.0.1:${plain}`]]);
    writeKeys(join(example.folder, "keys.txt"), { me: TEST_KEY });
    writeFileSync(join(example.folder, "my.key"), TEST_KEY, { mode: 0o600 });
    await example.serve();
    await example.start();
    expect(await example.visit("my-app")).toBe("200 here");
    const { status, headers } = await exchange(plain, { host: `my-app.${DOMAIN}`, path: "/page" });
    expect([status, headers["location"]]).toEqual([308, `https://my-app.${DOMAIN}:${example.port}/page`]);
    expect((await exchange(plain, { host: DOMAIN, path: "/health" })).status).toBe(200);
  });

  test("by token, which is renewed before it expires", async () => {
    const issuer = await TokenIssuer.start(onTestFinished);
    Object.assign(issuer, { rotates: true, publishes: true });
    const example = await LoginExample.prepare("token", [["https://auth.example.com", issuer.url]]);
    await example.serve();
    // `auth check` uses the refresh token; the client finds its replacement in the state folder.
    const client = await example.start({ REFRESH_TOKEN: issuer.refreshToken });
    const isVisited = async (): Promise<boolean> => (await example.visit("alice")) === "200 here";
    await client.waitFor("a visit", isVisited);
    await client.waitFor("a renewal", () => client.stdout.includes('"state":"renewed"'));
    await client.waitFor("another visit", isVisited);
  });

  test("by certificate; a revoked one is refused", async () => {
    const example = await LoginExample.prepare("certificate");
    const [mine, revoked] = [clients.issue({ names: ["alice"] }), clients.issue({ names: ["alice"] })];
    copyFileSync(clients.certificate, join(example.folder, "clients.pem"));
    copyFileSync(clients.revoke(revoked), join(example.folder, "revoked.crl"));
    example.install("client", mine.certificate, mine.key);
    await example.serve();
    const client = await example.start();
    expect(await example.visit("alice")).toBe("200 here");
    example.install("client", revoked.certificate, revoked.key);
    await client.waitFor("the refusal", () => client.output.includes("PN_CERTIFICATE_REVOKED"));
  });
});
