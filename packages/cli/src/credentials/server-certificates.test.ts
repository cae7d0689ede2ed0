import { chmodSync, copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { CertificateAuthority, needs, scratchFolder } from "@postern/testkit";
import { readSettings, type Settings } from "../settings/configuration.js";
import { loadServerCertificates } from "./server-certificates.js";

beforeEach((context) => needs(context, "openssl"));

const DAY = 86_400_000;

async function configured(): Promise<{ settings: Settings; install: () => void }> {
  const ca = new CertificateAuthority(onTestFinished);
  const folder = scratchFolder(onTestFinished);
  const install = (): void => {
    const { certificate, key } = ca.issue({ names: ["tunnel.test"] });
    copyFileSync(certificate, join(folder, "server.pem"));
    copyFileSync(key, join(folder, "server.key"));
    chmodSync(join(folder, "server.key"), 0o600);
  };
  install();
  const config = join(folder, "postern.toml");
  const ssl = '[tunnel.server.ssl]\nenabled = true\ncert_file = "server.pem"\nkey_file = "server.key"\n';
  writeFileSync(config, ssl, { mode: 0o600 });
  return { settings: await readSettings({ config, env: { HOME: "/nowhere" }, flags: {} }), install };
}

test.for([
  ["has expired", 30 * DAY, /server\.pem expired on .*Renew it/],
  ["is not valid yet", -30 * DAY, /server\.pem is not valid before .*Check the clock/],
] as [string, number, RegExp][])(
  "a certificate that %s is served from the start, with a warning",
  async ([, ahead, text]) => {
    const { settings } = await configured();
    const { certificates, warnings } = await loadServerCertificates(settings, undefined, Date.now() + ahead);
    expect([certificates.length, warnings]).toEqual([1, [expect.stringMatching(text)]]);
  },
);

test("a reload refuses another expired certificate, and keeps the served one, which other changes do not need", async () => {
  const { settings, install } = await configured();
  const later = Date.now() + 30 * DAY;
  const { certificates: served } = await loadServerCertificates(settings);
  expect((await loadServerCertificates(settings, served, later)).certificates).toHaveLength(1);
  install();
  await expect(loadServerCertificates(settings, served, later)).rejects.toMatchObject({ code: "PN_TLS_EXPIRED" });
  expect((await loadServerCertificates(settings, served)).certificates).toHaveLength(1);
});
