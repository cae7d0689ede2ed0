import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeEach, expect, onTestFinished, test } from "vitest";
import { CertificateAuthority, Cleanup, needs, scratchFolder } from "@postern/testkit";
import { readSettings } from "../settings/configuration.js";
import { commandLineEndpoint } from "../settings/command-line-endpoint.js";
import { loadEndpointSpecs, type EndpointSpecs } from "./endpoint-specs.js";

const cleanup = new Cleanup();
const ca = new CertificateAuthority(cleanup.defer);
beforeEach((context) => needs(context, "openssl"));
afterAll(() => cleanup.run());

/** The specs of one endpoint with these `lines`. `ca.pem` is beside the file. */
async function specsOf(lines: string): Promise<EndpointSpecs & { folder: string }> {
  const folder = scratchFolder(onTestFinished);
  writeFileSync(join(folder, "ca.pem"), readFileSync(ca.certificate));
  const config = join(folder, "postern.toml");
  const endpoint = '[[tunnel.endpoints]]\nserver_url = "http://localhost:1"\n';
  const key = 'auth.api_key = "0123456789abcdef"\n';
  writeFileSync(config, `${endpoint}${key}${lines}\n`, { mode: 0o600 });
  const settings = await readSettings({ config, env: { HOME: "/nowhere" }, flags: {} });
  return { ...(await loadEndpointSpecs(settings)), folder };
}

const HTTPS = 'local = "https://localhost:8443"\n';

test("local_ca_file is read beside the file, and watched", async () => {
  const { specs, files, warnings, folder } = await specsOf(`${HTTPS}local_ca_file = "ca.pem"`);
  expect(specs[0]?.options.localTls).toEqual({ verify: true, ca: readFileSync(ca.certificate, "utf8") });
  expect([files, warnings]).toEqual([[join(folder, "ca.pem")], []]);
});

test("local_verify = false accepts any certificate of the local service, with a warning", async () => {
  const { specs, files, warnings } = await specsOf(`${HTTPS}local_verify = false`);
  expect(specs[0]?.options.localTls).toEqual({ verify: false });
  expect([files, warnings]).toEqual([[], [expect.stringMatching(/https:\/\/localhost:8443 is not verified/)]]);
});

test("both have no effect on an http:// service, which is a warning", async () => {
  for (const line of ['local_ca_file = "ca.pem"', "local_verify = false"])
    expect((await specsOf(`local = 3000\n${line}`)).warnings).toEqual([
      expect.stringMatching(/^local_(ca_file|verify = false) .* has no effect: .* is not an https:\/\/ address/),
    ]);
});

test("a local_ca_file without a certificate is an error, and so is a missing one", async () => {
  await expect(specsOf(`${HTTPS}local_ca_file = "postern.toml"`)).rejects.toMatchObject({ code: "PN_TLS_FILE" });
  await expect(specsOf(`${HTTPS}local_ca_file = "none"`)).rejects.toMatchObject({ code: "PN_FILE_UNREADABLE" });
});

test("a strategy is asked for in a group", async () => {
  const joins = await specsOf('local = 3000\nsubdomain = "web"\ngroup = true\nstrategy = "first"');
  expect(joins.specs[0]?.options).toMatchObject({ join: true, strategy: "first" });
  const none = await specsOf('local = 3000\nsubdomain = "web"\ngroup = true');
  expect(none.specs[0]?.options).not.toHaveProperty("strategy");
});

test("group and weight ask the server to let the client join others", async () => {
  const joins = await specsOf('local = 3000\nsubdomain = "web"\ngroup = true\nweight = 3');
  expect(joins.specs[0]?.options).toMatchObject({ join: true, weight: 3 });
  const alone = await specsOf('local = 3000\nsubdomain = "web"');
  expect(alone.specs[0]?.options).not.toHaveProperty("join");
});

test.for([
  [{ "--join": "true" }, "--join needs --subdomain"],
  [{ "--subdomain": "web", "--weight": "2" }, "needs --join"],
  [{ "--subdomain": "web", "--strategy": "first" }, "needs --join"],
] as const)("the flags %j are refused", ([flags, message]) => {
  expect(() => commandLineEndpoint({ config: undefined, env: {}, flags })).toThrow(message);
});
