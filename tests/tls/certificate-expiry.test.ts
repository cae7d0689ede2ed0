import { copyFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import {
  CertificateAuthority,
  Cleanup,
  needs,
  Origin,
  postern,
  scratchFolder,
  until,
  type CertificateFiles,
  type Program,
} from "@postern/testkit";
import { install, TlsServer, visit } from "./tls-server.ts";

const cleanup = new Cleanup();
const ca = new CertificateAuthority(cleanup.defer);
let server: CertificateFiles;
beforeEach(({ skip }) => {
  needs({ skip }, "openssl");
  server ??= ca.issue({ names: ["tunnel.test", "*.tunnel.test"] });
});
afterAll(() => cleanup.run());

/** Remaining lifetime of a certificate in milliseconds, enough for a slow start on a busy machine. */
const SHORT = 10_000;

const issue = (milliseconds?: number): CertificateFiles =>
  ca.issue({
    names: ["alice"],
    ...(milliseconds === undefined ? {} : { until: new Date(Date.now() + milliseconds) }),
  });

const startServer = (more = ""): Promise<TlsServer> =>
  TlsServer.start(onTestFinished, {
    certificate: server,
    auth: `[tunnel.server.auth.certificate]\nca_file = "${ca.certificate}"\n${more}`,
  });

interface Client {
  program: Program;
  folder: string;
}

type Command = "http" | "start";

/** Starts `postern http` or `postern start` with the certificate in its folder. */
function launch(command: Command, { url }: { url: string }, target: number, certificate: CertificateFiles): Client {
  const folder = scratchFolder(onTestFinished);
  install(folder, "client", certificate);
  const file = join(folder, "postern.toml");
  const endpoint = `[[tunnel.endpoints]]\nname = "own"\nserver_url = "${url}"\nlocal = ${target}\n`;
  writeFileSync(
    file,
    `[tunnel.reconnection]\ninitial_delay = "200ms"\nmax_delay = "200ms"
[tunnel.ssl]\nca_file = "${ca.certificate}"\nsni_hostname = "tunnel.test"
[tunnel.auth]\nmethod = "certificate"\ncert_file = "client.pem"\nkey_file = "client.key"
${command === "start" ? endpoint : ""}`,
    { mode: 0o600 },
  );
  const args = command === "http" ? ["http", String(target), "--server", url] : ["start"];
  return { program: postern(onTestFinished, [...args, "--config", file, "--json"]), folder };
}

const count = ({ program }: Client, what: string): number => program.stdout.split(what).length - 1;
const tunnels = (client: Client): number => count(client, '"tunnel_established"');
const opened = (client: Client, nth = 1): Promise<boolean> =>
  client.program.waitFor(`tunnel ${nth}`, () => tunnels(client) >= nth);

const startOrigin = (): Promise<Origin> => Origin.start(onTestFinished, (_, outgoing) => outgoing.end("here"));

describe.each(["http", "start"] as const)("postern %s", (command) => {
  test("reports its certificate's expiry in advance, and ends when the certificate expires", async () => {
    const tlsServer = await startServer();
    const end = Date.now() + SHORT;
    const client = launch(command, tlsServer, 9, issue(SHORT));
    await opened(client);
    await client.program.waitFor("the notice", () => count(client, '"state":"expiring"') > 0);
    expect(client.program.stdout).toMatch(/the client certificate expires in \d+ s: renew it/);
    await client.program.ends(3);
    // Not before the expiry, in whole seconds, and with the reason.
    expect(Date.now()).toBeGreaterThanOrEqual(Math.floor(end / 1_000) * 1_000);
    expect(client.program.stderr).toContain("PN_AUTH_EXPIRED");
    expect(tunnels(client)).toBe(1);
    expect(tlsServer.server.stderr).toContain("no longer accepted");
  });

  test("with a certificate that is renewed in time, continues under the same name after the old one has expired", async () => {
    const tlsServer = await startServer();
    const origin = await startOrigin();
    const end = Date.now() + SHORT;
    const client = launch(command, tlsServer, origin.port, issue(SHORT));
    await opened(client);
    install(client.folder, "client", issue());
    await opened(client, 2);
    // One second more, because the server checks once a second.
    await until("the old certificate to expire", () => Date.now() > end + 1_500);
    const { status, body } = await visit(tlsServer.port, { ca: ca.certificate, host: "alice.tunnel.test" });
    expect([status, body, tunnels(client), client.program.exit]).toEqual([200, "here", 2, undefined]);
    expect(client.program.output).not.toContain("PN_AUTH_EXPIRED");
  });

  test("uses the current files for its next connection", async () => {
    const crl = join(scratchFolder(onTestFinished), "revoked.crl");
    copyFileSync(ca.revoke(), crl);
    const tlsServer = await startServer(`crl_file = "${crl}"`);
    const former = issue();
    const client = launch(command, tlsServer, 9, former);
    await opened(client);
    tlsServer.server.signal("SIGTERM");
    await tlsServer.server.exited;
    install(client.folder, "client", issue());
    await client.program.waitFor("the new one to be read", () => count(client, '"state":"reloaded"') > 0);
    // The old certificate can no longer log in.
    copyFileSync(ca.revoke(former), crl);
    await tlsServer.restart();
    await opened(client, 2);
    expect(client.program.exit).toBeUndefined();
    expect(tlsServer.server.stderr).toContain('"owner":"alice"');
  });

  test("keeps its certificate when the files are missing, broken or expired", async () => {
    const tlsServer = await startServer();
    const client = launch(command, tlsServer, 9, issue());
    await opened(client);
    const refused = (): number => count(client, '"configuration_refused"');
    install(client.folder, "client", issue(-1_000));
    await client.program.waitFor("the refusal", () => refused() > 0);
    expect(client.program.stdout).toContain("PN_TLS_EXPIRED");
    const before = refused();
    writeFileSync(join(client.folder, "client.pem"), "nothing");
    await client.program.waitFor("another refusal", () => refused() > before);
    rmSync(join(client.folder, "client.key"));
    expect([tunnels(client), client.program.exit]).toEqual([1, undefined]);
    install(client.folder, "client", issue());
    await opened(client, 2);
  });
});
