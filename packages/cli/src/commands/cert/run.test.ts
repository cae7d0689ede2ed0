import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { ClientCa, readCertificate } from "@postern/net";
import { needs, scratchFolder } from "@postern/testkit";
import { run } from "./run.js";
import type { Output } from "../../terminal/output.js";

const lines: string[] = [];
const output = { line: (text: string) => lines.push(text) } as unknown as Output;
const terminal = { stdout: output, stderr: output, env: {} };

test("writes a CA and two usable certificates with private keys; a second run keeps the CA", async () => {
  const folder = join(scratchFolder(onTestFinished), "certs");
  const text = (file: string): string => readFileSync(join(folder, file), "utf8");
  const made = (name: string): ReturnType<typeof readCertificate> =>
    readCertificate({ certificate: text(`${name}.pem`), key: text(`${name}.key`) });

  expect(await run({ folder, domain: "tunnel.test", client: "alice" }, terminal)).toBe(0);
  expect(made("server").names).toEqual(["tunnel.test", "*.tunnel.test", "localhost"]);
  for (const file of ["ca.key", "server.key", "client.key"]) expect(statSync(join(folder, file)).mode & 0o077).toBe(0);
  expect(lines.join("\n")).toContain('method = "certificate"');
  expect(lines.join("\n")).toMatch(
    /gateway.*\n {2}\[server\.ssl\]\n {2}cert_file = ".*server\.pem"\n {2}key_file = ".*server\.key"\n/,
  );

  const authority = new X509Certificate(text("ca.pem"));
  const client = new X509Certificate(text("client.pem"));
  expect(client.verify(authority.publicKey)).toBe(true);
  expect(new ClientCa({ ca: text("ca.pem") }).accepts([client, authority])).toBe(true);
  expect(new X509Certificate(text("client.pem")).subject).toBe("CN=alice");

  const before = text("ca.pem");
  await run({ folder, domain: "other.test", client: "bob" }, terminal);
  expect(text("ca.pem")).toBe(before);
  expect(made("server").names).toContain("other.test");
});

test.for([
  ['listen = "127.0.0.1:9443"', "https://tunnel.test:9443/health", "https://tunnel.test:8443/"],
  ['listen = "127.0.0.1:9080"\npublic_https_port = 443', "https://tunnel.test/health", "https://tunnel.test:8443/"],
  ["[server.ssl]\nhttps_port = 443", "https://tunnel.test:8080/health", "https://tunnel.test/"],
  ["listen = wrong", "https://tunnel.test:8080/health", "https://tunnel.test:8443/"],
] as const)("the commands to try it have the ports of a file with %s", async ([server, url, gatewayUrl]) => {
  const folder = scratchFolder(onTestFinished);
  const config = join(folder, "postern.toml");
  writeFileSync(config, `[tunnel.server]\n${server}\n`, { mode: 0o600 });
  lines.length = 0;
  await run({ folder: join(folder, "certs"), domain: "tunnel.test", client: "alice", config }, terminal);
  const commands = lines.join("\n").matchAll(/^Start the .* then try it: .* (https:.*)$/gm);
  expect(Array.from(commands, ([, tried]) => tried)).toEqual([url, gatewayUrl]);
});

test.skipIf(process.platform !== "linux")("a folder that cannot be made is refused", async () => {
  const making = run({ folder: "/proc/postern/certs", domain: "tunnel.test", client: "alice" }, terminal);
  await expect(making).rejects.toMatchObject({ code: "PN_FILE_UNREADABLE" });
});

test("openssl accepts the certificates by the strict rules of RFC 5280", async (context) => {
  needs(context, "openssl");
  const folder = join(scratchFolder(onTestFinished), "certs");
  await run({ folder, domain: "tunnel.test", client: "alice" }, terminal);
  // The CA of the first run is kept, and signs new certificates.
  await run({ folder, domain: "tunnel.test", client: "alice" }, terminal);
  for (const [file, purpose] of [
    ["server.pem", "sslserver"],
    ["client.pem", "sslclient"],
  ] as const) {
    const args = ["verify", "-x509_strict", "-purpose", purpose, "-CAfile", "ca.pem", file];
    expect(execFileSync("openssl", args, { cwd: folder, encoding: "utf8", stdio: "pipe" })).toBe(`${file}: OK\n`);
  }
});

test.for(["foo bar", "https://tunnel.test", "*.tunnel.test", ""])(
  "refuses the domain %j, and writes nothing",
  async (domain) => {
    const folder = join(scratchFolder(onTestFinished), "certs");
    await expect(run({ folder, domain, client: "alice" }, terminal)).rejects.toThrow("--domain must be a host name");
    expect(existsSync(folder)).toBe(false);
  },
);
