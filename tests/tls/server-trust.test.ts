import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createServer } from "node:tls";
import { afterAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import {
  CertificateAuthority,
  Cleanup,
  makeCertificate,
  needs,
  scratchFolder,
  type CertificateFiles,
} from "@postern/testkit";
import { isOpen, publish, TlsServer } from "./tls-server.ts";

const cleanup = new Cleanup();
const ca = new CertificateAuthority(cleanup.defer);
beforeEach((context) => needs(context, "openssl"));
afterAll(() => cleanup.run());

const known = (): string => `ca_file = "${ca.certificate}"\n`;
const unknown = (): CertificateAuthority => new CertificateAuthority(cleanup.defer);
const named = 'sni_hostname = "tunnel.test"\n';

async function expectUntrusted(server: { url: string }, ssl: string, message: RegExp): Promise<void> {
  const client = publish(server, 9, "x", ssl);
  await client.ends(1);
  expect(client.stderr).toMatch(message);
  expect(client.stderr).toContain("PN_SERVER_UNTRUSTED");
  // The server received nothing.
  expect(client.stdout).not.toContain("authentication");
}

async function expectTrusted(server: { url: string }, ssl: string): Promise<void> {
  const client = publish(server, 9, "x", ssl);
  await client.waitFor("its tunnel", () => isOpen(client));
}

/** A server that is not Postern's, so that nothing checks its certificate. */
async function startForeign({ certificate, key }: CertificateFiles): Promise<{ url: string }> {
  const foreign = createServer({ cert: readFileSync(certificate), key: readFileSync(key) });
  foreign.listen(0, "127.0.0.1");
  await once(foreign, "listening");
  onTestFinished(() => void foreign.close());
  return { url: `https://127.0.0.1:${(foreign.address() as AddressInfo).port}` };
}

describe("the client refuses an untrusted server with the reason and a hint", () => {
  const cases: [string, (leaf: CertificateFiles) => string, RegExp][] = [
    ["another name", () => `${known()}sni_hostname = "other.test"`, /issued for another name.*set sni_hostname to it/],
    ["an address that the certificate lacks", known, /issued for another name.*set sni_hostname to it/],
    ["an unknown CA", () => named, /CA is not trusted: set ca_file/],
    [
      "another CA of the same name",
      () => `${named}ca_file = "${unknown().certificate}"`,
      /CA is not trusted: set ca_file|not signed by the trusted CA: check ca_file/,
    ],
    [
      "a revoked certificate",
      (leaf) => `${known()}${named}crl_file = "${ca.revoke(leaf)}"`,
      /was revoked by its CA: its owner must get a new one/,
    ],
    [
      "a revocation list of another CA",
      () => `${known()}${named}crl_file = "${new CertificateAuthority(cleanup.defer, "other CA").revoke()}"`,
      /no revocation list of its CA: add it to crl_file/,
    ],
  ];
  test.for(cases)("%s", async ([, ssl, message]) => {
    const certificate = ca.issue({ names: ["tunnel.test"] });
    const tlsServer = await TlsServer.start(onTestFinished, { certificate });
    await expectUntrusted(tlsServer, ssl(certificate), message);
  });

  const foreign: [string, () => CertificateFiles, () => string, RegExp][] = [
    [
      "an expired certificate",
      () => ca.issue({ names: ["tunnel.test"], days: -1 }),
      known,
      /has expired: its owner must renew/,
    ],
    ["a self-signed certificate", () => makeCertificate(cleanup.defer), () => "", /self-signed: set ca_file to it/],
  ];
  test.for(foreign)("%s", async ([, issue, ssl, message]) => {
    await expectUntrusted(await startForeign(issue()), ssl() + named, message);
  });

  test("unless verify_server = false, which causes a warning at every start", async () => {
    const tlsServer = await TlsServer.start(onTestFinished, { certificate: ca.issue({ names: ["tunnel.test"] }) });
    const client = publish(tlsServer, 9, "x", "verify_server = false");
    await client.waitFor("its tunnel", () => isOpen(client));
    expect(client.stderr).toMatch(/certificate is not verified \(verify_server = false\)/);
  });
});

describe("the client trusts a server", () => {
  test("by the configured name, whatever address is dialled", async () => {
    const tlsServer = await TlsServer.start(onTestFinished, { certificate: ca.issue({ names: ["tunnel.test"] }) });
    await expectTrusted(tlsServer, known() + named);
  });

  test("by its IP address, if the certificate contains it; with a configured name only by that name", async () => {
    const certificate = ca.issue({ names: ["tunnel.test", "127.0.0.1"] });
    const tlsServer = await TlsServer.start(onTestFinished, { certificate });
    await expectTrusted(tlsServer, known());
    await expectTrusted(tlsServer, known() + named);
    await expectUntrusted(tlsServer, `${known()}sni_hostname = "other.test"`, /issued for another name/);
  });

  test("signed by one of several CAs, each with a revocation list", async () => {
    const folder = scratchFolder(onTestFinished);
    const other = new CertificateAuthority(cleanup.defer, "other CA");
    const [both, lists] = [join(folder, "both.pem"), join(folder, "both.crl")];
    const text = (...files: string[]): string => files.map((file) => readFileSync(file, "utf8")).join("");
    writeFileSync(both, text(other.certificate, ca.certificate));
    writeFileSync(lists, text(other.revoke(), ca.revoke()));
    const tlsServer = await TlsServer.start(onTestFinished, { certificate: ca.issue({ names: ["tunnel.test"] }) });
    await expectTrusted(tlsServer, `ca_file = "${both}"\ncrl_file = "${lists}"\n${named}`);
  });
});
