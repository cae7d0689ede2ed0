import { readFileSync } from "node:fs";
import type { ConnectionOptions, TLSSocket } from "node:tls";
import { afterAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { CertificateAuthority, Cleanup, needs, type CertificateFiles } from "@postern/testkit";
import { isOpen, publish, shake, TlsServer } from "./tls-server.ts";

const cleanup = new Cleanup();
const ca = new CertificateAuthority(cleanup.defer);
let certificate: CertificateFiles;
beforeEach(({ skip }) => {
  needs({ skip }, "openssl");
  certificate ??= ca.issue({ names: ["tunnel.test", "*.tunnel.test"] });
});
afterAll(() => cleanup.run());

const AES_128 = "ECDHE-ECDSA-AES128-GCM-SHA256";
const CHACHA = "ECDHE-ECDSA-CHACHA20-POLY1305";
const WEAK = "DEFAULT@SECLEVEL=0";

/** `version suite` of a handshake, or "refused". */
async function agreed({ port }: { port: number }, options: ConnectionOptions): Promise<string> {
  const trust = { ca: readFileSync(ca.certificate), servername: "tunnel.test" };
  const socket = await shake(port, { ...trust, ...options });
  if (socket instanceof Error) return "refused";
  return `${socket.getProtocol()} ${(socket as TLSSocket).getCipher().name}`;
}

const only = (version: "TLSv1" | "TLSv1.1" | "TLSv1.2" | "TLSv1.3"): ConnectionOptions => ({
  minVersion: version,
  maxVersion: version,
  ...(version < "TLSv1.2" ? { ciphers: WEAK } : {}),
});

describe("TLS versions and cipher suites follow the configuration", () => {
  const start = (ssl: string): Promise<TlsServer> => TlsServer.start(onTestFinished, { certificate, ssl });

  test.for([
    ["", { "TLSv1.2": true, "TLSv1.3": true }],
    ['min_tls_version = "1.3"', { "TLSv1.2": false, "TLSv1.3": true }],
    ['max_tls_version = "1.2"', { "TLSv1.2": true, "TLSv1.3": false }],
    ['min_tls_version = "1.2"\nmax_tls_version = "1.2"', { "TLSv1.2": true, "TLSv1.3": false }],
  ] as const)("%j", async ([ssl, versions]) => {
    const tlsServer = await start(ssl);
    // Weak suites are never accepted.
    for (const [version, isTaken] of [["TLSv1", false], ["TLSv1.1", false], ...Object.entries(versions)] as const)
      expect(await agreed(tlsServer, only(version as "TLSv1")), version).toMatch(
        isTaken ? new RegExp(`^${version} `) : /^refused$/,
      );
    // Postern's own client connects with each.
    const client = publish(tlsServer, 9, "x", `ca_file = "${ca.certificate}"\nsni_hostname = "tunnel.test"`);
    await client.waitFor("its tunnel", () => isOpen(client));
  });

  test("suites without forward secrecy or authenticated encryption are refused by default", async () => {
    const tlsServer = await start("");
    for (const ciphers of ["AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES128-SHA256", "NULL"])
      expect(await agreed(tlsServer, { maxVersion: "TLSv1.2", ciphers: `${ciphers}:@SECLEVEL=0` })).toBe("refused");
    expect(await agreed(tlsServer, { maxVersion: "TLSv1.2", ciphers: AES_128 })).toBe(`TLSv1.2 ${AES_128}`);
  });

  test("only listed suites are accepted", async () => {
    const tlsServer = await start(`cipher_suites = ["${CHACHA}", "TLS_AES_256_GCM_SHA384"]`);
    expect(await agreed(tlsServer, only("TLSv1.2"))).toBe(`TLSv1.2 ${CHACHA}`);
    expect(await agreed(tlsServer, only("TLSv1.3"))).toBe("TLSv1.3 TLS_AES_256_GCM_SHA384");
    expect(await agreed(tlsServer, { ...only("TLSv1.2"), ciphers: AES_128 })).toBe("refused");
    expect(await agreed(tlsServer, { ...only("TLSv1.3"), ciphers: "TLS_AES_128_GCM_SHA256" })).toBe("refused");
  });

  test("suites of one version alone select that version", async () => {
    const old = await start(`cipher_suites = ["${AES_128}"]`);
    expect(await agreed(old, {})).toBe(`TLSv1.2 ${AES_128}`);
    expect(await agreed(old, only("TLSv1.3"))).toBe("refused");
    const young = await start('cipher_suites = ["TLS_AES_256_GCM_SHA384"]');
    expect(await agreed(young, {})).toBe("TLSv1.3 TLS_AES_256_GCM_SHA384");
    expect(await agreed(young, only("TLSv1.2"))).toBe("refused");
  });

  test.for([
    ["a suite that OpenSSL does not know", 'cipher_suites = ["NONSENSE"]'],
    ["an unknown suite beside a known one", `cipher_suites = ["${AES_128}", "ECDHE-NONSENSE"]`],
    ["an unknown TLS 1.3 suite", `cipher_suites = ["${AES_128}", "TLS_NONSENSE"]`],
    ["a group of suites", 'cipher_suites = ["HIGH:!aNULL"]'],
    ["suites of 1.2 for 1.3 alone", `min_tls_version = "1.3"\ncipher_suites = ["${AES_128}"]`],
    ["suites of 1.3 for 1.2 alone", 'max_tls_version = "1.2"\ncipher_suites = ["TLS_AES_256_GCM_SHA384"]'],
  ] as const)("%s: the server does not start and names the wrong option", async ([, ssl]) => {
    const { server } = await TlsServer.launch(onTestFinished, { certificate, ssl });
    await server.ends(2);
    expect(server.stderr).toContain("cipher_suites");
  });
});
