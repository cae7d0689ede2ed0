import { chmodSync, copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeEach, expect, onTestFinished, test } from "vitest";
import { CertificateAuthority, Cleanup, needs, scratchFolder } from "@postern/testkit";
import { readSettings, type Settings } from "../settings/configuration.js";
import { loadGatewayCertificates } from "./gateway-certificates.js";
import { loadServerCertificates } from "./server-certificates.js";
import { loadTargetTrust, type TargetTrust } from "./target-trust.js";

const cleanup = new Cleanup();
let ca: CertificateAuthority;
beforeEach((context) => {
  needs(context, "openssl");
  ca ??= new CertificateAuthority(cleanup.defer);
});
afterAll(() => cleanup.run());

/** A folder with certificates named after the base name of their files: `own.pem`, `own.key`. */
async function configured(toml: string, ...names: string[]): Promise<Settings> {
  const folder = scratchFolder(onTestFinished);
  for (const name of names) {
    const { certificate, key } = ca.issue({ names: [`${name}.example.test`], days: 30 });
    copyFileSync(certificate, join(folder, `${name}.pem`));
    copyFileSync(key, join(folder, `${name}.key`));
    chmodSync(join(folder, `${name}.key`), 0o600);
  }
  copyFileSync(ca.certificate, join(folder, "ca.pem"));
  const config = join(folder, "postern.toml");
  writeFileSync(config, toml, { mode: 0o600 });
  return readSettings({ config, env: { HOME: "/nowhere" }, flags: {} });
}

const files = (name: string): string => `cert_file = "${name}.pem"\nkey_file = "${name}.key"\n`;
const TLS = `[server.ssl]\nenabled = true\n${files("own")}`;
const WILDCARD = `[server.ssl.wildcard]\n${files("wild")}`;
const route = (more: string): string => `[[proxy]]\npath = "/"\ntarget = "https://localhost"\n${more}`;

const trustOf = (settings: Settings): Promise<TargetTrust> =>
  loadTargetTrust(settings, settings.loaded.values.proxy[0]!, 0);

const namesOf = ({ certificates }: Awaited<ReturnType<typeof loadGatewayCertificates>>): string[] =>
  certificates.map(({ names }) => names.join());

test("the gateway presents its certificate, a wildcard certificate without `enabled`, and those of routes", async () => {
  const routes = route(`host = "a.example.test"\n${files("a")}`) + route(files("none"));
  const settings = await configured(TLS + WILDCARD + routes, "own", "wild", "a");
  const loaded = await loadGatewayCertificates(settings);
  expect(namesOf(loaded)).toEqual(["own.example.test", "wild.example.test", "a.example.test"]);
  expect(loaded.files).toHaveLength(6);
});

test("without TLS, or with `enabled = false`, no certificate is read", async () => {
  const off = await configured(TLS.replace("true", "false") + WILDCARD);
  expect(namesOf(await loadGatewayCertificates(off))).toEqual([]);
  const without = await configured(`${TLS}${WILDCARD}enabled = false\n`, "own");
  expect(namesOf(await loadGatewayCertificates(without))).toEqual(["own.example.test"]);
});

test("the wildcard certificate serves tunnels as well, if it covers them", async () => {
  const server = "[tunnel.server.ssl]\nenabled = true\n";
  const covering = await configured(`${TLS}${WILDCARD}covers_tunnels = true\n${server}`, "own", "wild");
  expect(namesOf(await loadServerCertificates(covering))).toEqual(["wild.example.test"]);
  const both = `${WILDCARD}covers_tunnels = true\n${server}${files("own")}`;
  expect(namesOf(await loadServerCertificates(await configured(both, "own", "wild")))).toEqual([
    "own.example.test",
    "wild.example.test",
  ]);
  const other = await configured(`${WILDCARD}${server}${files("own")}`, "own", "wild");
  expect(namesOf(await loadServerCertificates(other))).toEqual(["own.example.test"]);
});

test("[proxy.ssl] of a route says how its targets are verified", async () => {
  const ssl = `[proxy.ssl]\nca_file = "ca.pem"\nsni_hostname = "a.example.test"\nclient_cert_file = "me.pem"\nclient_key_file = "me.key"\n`;
  const { trust, files: read, warnings } = await trustOf(await configured(route(ssl), "me"));
  expect(trust).toMatchObject({ serverName: "a.example.test", ca: expect.stringContaining("BEGIN") });
  expect([trust?.cert, trust?.key].map((pem) => pem?.split("\n")[0])).toEqual([
    "-----BEGIN CERTIFICATE-----",
    expect.stringContaining("PRIVATE KEY"),
  ]);
  expect([read.length, warnings]).toEqual([3, []]);
  const unverified = await trustOf(await configured(route("ssl.verify_backend = false\n")));
  expect([unverified.trust, unverified.warnings]).toEqual([
    { verify: false },
    [expect.stringContaining("not verified")],
  ]);
});

test("[proxy.ssl] without an https:// target, or with `enabled = false`, reads nothing", async () => {
  const ssl = '[proxy.ssl]\nca_file = "none.pem"\n';
  const plain = await trustOf(await configured(route(ssl).replace("https:", "http:")));
  expect([plain.files, plain.warnings]).toEqual([
    [],
    [expect.stringContaining("[proxy.ssl] of proxy[0] has no effect")],
  ]);
  expect((await trustOf(await configured(`${route(ssl)}enabled = false\n`))).files).toEqual([]);
  const always = configured(`${route(ssl)}backend_ssl = true\n`.replace("https:", "http:"));
  await expect(trustOf(await always)).rejects.toThrow(/none\.pem cannot be read/);
});
