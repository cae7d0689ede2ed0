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
/** Signs the server's certificate. */
let servers: CertificateAuthority;
/** Signs those of clients. */
let clients: CertificateAuthority;
beforeEach((context) => {
  needs(context, "openssl");
  servers ??= new CertificateAuthority(cleanup.defer, "servers");
  clients ??= new CertificateAuthority(cleanup.defer, "clients");
});
afterAll(() => cleanup.run());

/** One way to log in: its two files, in a folder with all that they name. */
class Way {
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

  static async prepare(name: string, replacements: [from: string, to: string][] = []): Promise<Way> {
    const [port, origin] = [
      await claimPort(),
      await Origin.start(onTestFinished, (_, outgoing) => outgoing.end("here")),
    ];
    return new Way(name, port, [
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

  /** Checks the login, and then starts the client. `env` has what its reader has to fill in. */
  async start(env: Record<string, string> = {}): Promise<Program> {
    const given = { env: { XDG_STATE_HOME: this.folder, ...env } };
    const file = this.#file("client");
    await postern(onTestFinished, ["auth", "check", "--config", file], given).ends(0);
    const client = postern(onTestFinished, ["start", "--config", file, "--json"], given);
    await client.waitFor("its tunnel", () => client.stdout.includes('"tunnel_established"'));
    return client;
  }

  /** What a visitor of this tunnel gets. */
  async visit(name: string): Promise<string> {
    const servername = `${name}.${DOMAIN}`;
    const headers = { Host: `${servername}:${this.port}` };
    const ca = readFileSync(servers.certificate);
    const asked = request({ host: "127.0.0.1", port: this.port, servername, headers, ca, agent: false }).end();
    const [answer] = (await once(asked, "response")) as [IncomingMessage];
    let body = "";
    for await (const chunk of answer) body += String(chunk);
    return `${answer.statusCode} ${body}`;
  }

  /** The example, with what is its reader's own put in. */
  #file(side: "server" | "client"): string {
    const example = readFileSync(new URL(`${this.#name}-${side}.toml`, EXAMPLES), "utf8");
    const text = this.#replacements.reduce((before, [from, to]) => before.replaceAll(from, to), example);
    expect(text, "all of it leads to this machine").not.toMatch(/^[^#]*example\.com/m);
    const file = join(this.folder, `${side}.toml`);
    writeFileSync(file, text, { mode: 0o600 });
    return file;
  }
}

describe("the example files open a tunnel by HTTPS, as they are written", () => {
  test("by API key; who comes by HTTP is sent to HTTPS", async () => {
    const plain = await claimPort();
    const way = await Way.prepare("api-key", [["0.0.0.0:80", `127.0.0.1:${plain}`]]);
    writeKeys(join(way.folder, "keys.txt"), { me: TEST_KEY });
    writeFileSync(join(way.folder, "my.key"), TEST_KEY, { mode: 0o600 });
    await way.serve();
    await way.start();
    expect(await way.visit("my-app")).toBe("200 here");
    const { status, headers } = await exchange(plain, { host: `my-app.${DOMAIN}`, path: "/page" });
    expect([status, headers["location"]]).toEqual([308, `https://my-app.${DOMAIN}:${way.port}/page`]);
    expect((await exchange(plain, { host: DOMAIN, path: "/health" })).status).toBe(200);
  });

  test("by token; the next one is had before it ends", async () => {
    const issuer = await TokenIssuer.start(onTestFinished);
    Object.assign(issuer, { rotates: true, publishes: true });
    const way = await Way.prepare("token", [["https://auth.example.com", issuer.url]]);
    await way.serve();
    // `auth check` uses a refresh token up, too: the one that takes its place is found by the client.
    const client = await way.start({ REFRESH_TOKEN: issuer.refreshToken });
    const isVisited = async (): Promise<boolean> => (await way.visit("alice")) === "200 here";
    await client.waitFor("a visit", isVisited);
    await client.waitFor("a renewal", () => client.stdout.includes('"state":"renewed"'));
    await client.waitFor("another visit", isVisited);
  });

  test("by certificate; one that is revoked is refused", async () => {
    const way = await Way.prepare("certificate");
    const [mine, revoked] = [clients.issue({ names: ["alice"] }), clients.issue({ names: ["alice"] })];
    copyFileSync(clients.certificate, join(way.folder, "clients.pem"));
    copyFileSync(clients.revoke(revoked), join(way.folder, "revoked.crl"));
    way.install("client", mine.certificate, mine.key);
    await way.serve();
    const client = await way.start();
    expect(await way.visit("alice")).toBe("200 here");
    way.install("client", revoked.certificate, revoked.key);
    await client.waitFor("the refusal", () => client.output.includes("PN_CERTIFICATE_REVOKED"));
  });
});
