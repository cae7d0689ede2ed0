import { chmodSync, copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import {
  CertificateAuthority,
  claimPort,
  Cleanup,
  needs,
  Origin,
  postern,
  Program,
  scratchFolder,
  TEST_KEY,
  until,
  type CertificateFiles,
} from "@postern/testkit";

const cleanup = new Cleanup();
const ca = new CertificateAuthority(cleanup.defer, "clients");
/** Another authority for the server's certificate: servers and clients need not share one. */
const servers = new CertificateAuthority(cleanup.defer, "servers");
let files: CertificateFiles;
beforeEach(({ skip }) => {
  needs({ skip }, "openssl");
  files ??= servers.issue({ names: ["tunnel.test", "*.tunnel.test", "127.0.0.1"] });
});
afterAll(() => cleanup.run());

interface Secured {
  server: Program;
  port: number;
  folder: string;
}

/** A server that accepts client certificates of `ca`. Tests replace the files in its folder. */
async function startServer({ crl = "" } = {}): Promise<Secured> {
  const folder = scratchFolder(onTestFinished);
  const port = await claimPort();
  copyFileSync(ca.certificate, join(folder, "clients.pem"));
  if (crl !== "") copyFileSync(crl, join(folder, "revoked.crl"));
  const file = join(folder, "postern.toml");
  writeFileSync(
    file,
    `[tunnel.server]
listen = "127.0.0.1:${port}"
base_domain = "tunnel.test"
[tunnel.server.auth.certificate]
ca_file = "clients.pem"
${crl === "" ? "" : 'crl_file = "revoked.crl"'}
[tunnel.server.ssl]
enabled = true
cert_file = "${files.certificate}"
key_file = "${files.key}"
`,
    { mode: 0o600 },
  );
  const server = postern(onTestFinished, ["server", "--config", file, "--json", "--log-format", "json"]);
  await server.waitFor("it to listen", () => server.stdout.includes('"listening"'));
  return { server, port, folder };
}

interface Client {
  program: Program;
  folder: string;
}

/** Starts `postern http` with this certificate, or with `auth`. */
function launch(
  { port }: { port: number },
  target: number,
  certificate?: CertificateFiles,
  auth?: string,
  name = 'sni_hostname = "tunnel.test"',
): Client {
  const folder = scratchFolder(onTestFinished);
  if (certificate !== undefined) install(folder, certificate);
  const file = join(folder, "postern.toml");
  const own = 'method = "certificate"\ncert_file = "client.pem"\nkey_file = "client.key"';
  writeFileSync(file, `[tunnel.ssl]\nca_file = "${servers.certificate}"\n${name}\n[tunnel.auth]\n${auth ?? own}\n`, {
    mode: 0o600,
  });
  const args = ["http", String(target), "--server", `https://127.0.0.1:${port}`, "--config", file, "--json"];
  return { program: postern(onTestFinished, args), folder };
}

function install(folder: string, { certificate, key }: CertificateFiles): void {
  copyFileSync(certificate, join(folder, "client.pem"));
  copyFileSync(key, join(folder, "client.key"));
  chmodSync(join(folder, "client.key"), 0o600);
}

const tunnels = ({ program }: Client): number => program.stdout.split('"tunnel_established"').length - 1;

const startOrigin = (): Promise<Origin> => Origin.start(onTestFinished, (_, outgoing) => outgoing.end("here"));

test("the certificate's name is the owner and the tunnel's default name", async () => {
  const tlsServer = await startServer();
  const origin = await startOrigin();
  for (const [names, owner, name] of [
    [["alice"], "alice", "alice"],
    [["bob.smith@example.com"], "bob.smith@example.com", undefined],
  ] as const) {
    const client = launch(tlsServer, origin.port, ca.issue({ names: [...names] }));
    await client.program.waitFor("its tunnel", () => tunnels(client) === 1);
    expect(tlsServer.server.stderr).toContain(`"owner":"${owner}"`);
    if (name !== undefined) expect(client.program.stdout).toContain(`https://${name}.tunnel.test:`);
  }
});

test("certificate, key and CA are given on the command line, without a file, and override a key of the environment", async () => {
  const tlsServer = await startServer();
  const { certificate, key } = ca.issue({ names: ["alice"] });
  chmodSync(key, 0o600);
  const files = ["--cert-file", certificate, "--key-file", key, "--ca-file", servers.certificate];
  const address = ["--server", `https://127.0.0.1:${tlsServer.port}`];
  const env = { POSTERN_TUNNEL_SSL_SNI_HOSTNAME: "tunnel.test", POSTERN_API_KEY: TEST_KEY };
  const client = postern(onTestFinished, ["http", "9", ...address, ...files, "--json"], { env });
  await client.waitFor("its tunnel", () => client.stdout.includes('"tunnel_established"'));
  expect(client.stdout).toContain("https://alice.tunnel.test:");
  const check = postern(onTestFinished, ["auth", "check", ...address, ...files], { env });
  await check.ends(0);
});

describe("a stranger is refused with the reason", () => {
  const cases: [string, () => CertificateFiles | undefined, RegExp, string?][] = [
    ["with a certificate of another CA", () => servers.issue({ names: ["alice"] }), /PN_CERTIFICATE_UNTRUSTED/],
    ["with an API key instead of a certificate", () => undefined, /PN_AUTH_REFUSED/, `api_key = "${TEST_KEY}"`],
  ];
  test.for(cases)("%s", async ([, certificate, message, auth]) => {
    const tlsServer = await startServer();
    const client = launch(tlsServer, 9, certificate(), auth);
    await client.program.ends(3);
    expect(client.program.stderr).toMatch(message);
    expect(tunnels(client)).toBe(0);
  });

  test("with a valid certificate that the server did not request, because the server was dialled by IP address", async () => {
    const client = launch(await startServer(), 9, ca.issue({ names: ["alice"] }), undefined, "");
    await client.program.ends(3);
    expect(client.program.stderr).toMatch(/connect to the server's base domain over https:.*PN_CERTIFICATE_MISSING/);
  });

  test("with an expired certificate, before the first connection", async () => {
    const client = launch({ port: 9 }, 9, ca.issue({ names: ["alice"], days: -1 }));
    await client.program.ends(2);
    expect(client.program.stderr).toMatch(/PN_TLS_EXPIRED/);
    expect(client.program.stderr).toMatch(/expired on .* Renew it/);
  });

  test("with a revoked certificate", async () => {
    const [good, bad] = [ca.issue({ names: ["alice"] }), ca.issue({ names: ["mallory"] })];
    // One file with a list of each CA. The list of the clients' CA is not the first.
    const crl = join(scratchFolder(onTestFinished), "lists.crl");
    writeFileSync(crl, [servers.revoke(), ca.revoke(bad)].map((file) => readFileSync(file, "utf8")).join(""));
    const tlsServer = await startServer({ crl });
    const stranger = launch(tlsServer, 9, bad);
    await stranger.program.ends(3);
    expect(stranger.program.stderr).toContain("PN_CERTIFICATE_REVOKED");
    const alice = launch(tlsServer, 9, good);
    await alice.program.waitFor("its tunnel", () => tunnels(alice) === 1);
  });
});

test("a certificate that is revoked during use ends its session and no other", async () => {
  const [good, bad] = [ca.issue({ names: ["alice"] }), ca.issue({ names: ["mallory"] })];
  const tlsServer = await startServer({ crl: ca.revoke() });
  const [alice, mallory] = [launch(tlsServer, 9, good), launch(tlsServer, 9, bad)];
  for (const each of [alice, mallory]) await each.program.waitFor("its tunnel", () => tunnels(each) === 1);
  copyFileSync(ca.revoke(bad), join(tlsServer.folder, "revoked.crl"));
  await mallory.program.ends(3);
  await until("the server to read it", () => tlsServer.server.stdout.includes('"reloaded"'));
  expect(tunnels(alice)).toBe(1);
  expect(alice.program.exit).toBeUndefined();
});

test("a renewed certificate is used without a restart, under the same name", async () => {
  const tlsServer = await startServer();
  const origin = await startOrigin();
  const client = launch(tlsServer, origin.port, ca.issue({ names: ["alice"] }));
  await client.program.waitFor("its tunnel", () => tunnels(client) === 1);
  const renewed = ca.issue({ names: ["alice"], algorithm: "rsa" });
  install(client.folder, renewed);
  await client.program.waitFor("a session with the new one", () => tunnels(client) === 2);
  expect(client.program.stdout.match(/"public_url":"https:\/\/alice\.tunnel\.test/g)?.length).toBeGreaterThan(1);
});

test("a certificate is requested only on the base domain, so browsers do not prompt visitors", async (context) => {
  needs(context, "openssl");
  const tlsServer = await startServer();
  const handshakeOutput = async (servername: string): Promise<string> => {
    const args = ["s_client", "-connect", `127.0.0.1:${tlsServer.port}`, "-servername", servername];
    const client = new Program(onTestFinished, "openssl", { args });
    await client.exited;
    return client.stdout;
  };
  expect(await handshakeOutput("tunnel.test")).toMatch(/Acceptable client certificate CA names\s+CN = clients/);
  expect(await handshakeOutput("web.tunnel.test")).toContain("No client certificate CA names sent");
});
