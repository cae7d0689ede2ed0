import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { CONFIGURATION, POLICIES } from "@postern/config";
import { POLICY_KINDS, POLICY_PERMISSIONS } from "@postern/gateway/policies";
import { DEFAULT_PERMISSIONS } from "@postern/server";
import { scratchFolder } from "@postern/testkit";
import { commandLineEndpoint } from "../settings/command-line-endpoint.js";
import { readSettings } from "../settings/configuration.js";
import { loadEndpointSpecs, type EndpointSpecs } from "../running/endpoint-specs.js";

const HASH = "$2y$05$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC";

/** The specs of an endpoint with these lines, beside these files. */
async function specsOf(lines: string, files: Record<string, string> = {}): Promise<EndpointSpecs & { folder: string }> {
  const folder = scratchFolder(onTestFinished);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text, { mode: 0o600 });
  const endpoint = '[[tunnel.endpoints]]\nserver_url = "http://localhost:1"\nlocal = 3000\n';
  const config = join(folder, "postern.toml");
  writeFileSync(config, `${endpoint}auth.api_key = "0123456789abcdef"\n${lines}\n`, { mode: 0o600 });
  const settings = await readSettings({ config, env: { HOME: "/nowhere" }, flags: {} });
  return { ...(await loadEndpointSpecs(settings)), folder };
}

test("the configuration knows the policies of the server, and their defaults", () => {
  const known = [...POLICY_KINDS.map(({ key }) => key), ...POLICY_PERMISSIONS.map(({ name }) => name)];
  expect([...POLICIES].toSorted()).toEqual(known.toSorted());
  const { allow } = CONFIGURATION.entries.tunnel.entries.server.entries.policies.entries;
  expect(allow.default).toEqual(DEFAULT_PERMISSIONS);
});

test("an endpoint asks for the content of its files, which are watched", async () => {
  const { specs, files, folder } = await specsOf(
    'access = { allow_ips = ["192.0.2.1", "./office.txt"], deny_ips = ["10.0.0.1"], basic_auth = "users", rate_limit = { requests_per_minute = 60 } }',
    { "office.txt": "# office\n10.0.0.0/8\n", users: `# users\nann:${HASH}\n` },
  );
  expect(specs[0]?.options.access).toEqual({
    allow_ips: ["192.0.2.1", "10.0.0.0/8"],
    deny_ips: ["10.0.0.1"],
    rate_limit: { requests_per_minute: 60, window: 60_000 },
    basic_auth: [`ann:${HASH}`],
  });
  expect(files).toEqual([join(folder, "office.txt"), join(folder, "users")]);
});

test("an endpoint without access asks for nothing", async () => {
  expect((await specsOf("access = {}")).specs[0]?.options).not.toHaveProperty("access");
});

test("lists that are empty admit nobody", async () => {
  const { specs, warnings } = await specsOf('access = { allow_ips = ["./none.txt"], basic_auth = "none.txt" }', {
    "none.txt": "",
  });
  expect(specs[0]?.options.access).toEqual({ allow_ips: [], basic_auth: [] });
  expect(warnings).toContainEqual(expect.stringContaining("nobody gets access"));
});

test.each([
  [
    "a hash that takes long",
    'access.basic_auth = "users"',
    { users: `ann:${HASH.replace("$05$", "$13$")}` },
    "PN_POLICY_INVALID",
  ],
  [
    "too many networks",
    'access.allow_ips = ["./many.txt"]',
    { "many.txt": Array.from({ length: 999 }, (_, n) => `10.1.${n >> 8}.${n & 255}`).join("\n") },
    "PN_POLICY_SIZE",
  ],
  ["a private service", 'access.forward_auth.url = "http://10.0.0.1/"', {}, "PN_POLICY_INVALID"],
  ["a file that does not exist", 'access.basic_auth = "none"', {}, "PN_FILE_UNREADABLE"],
])("%s is refused before the client connects", async (_, lines, files, code) => {
  await expect(specsOf(lines, files as Record<string, string>)).rejects.toMatchObject({ code });
});

test("flags of the command line set the options", () => {
  const flags = { "--allow-ip": "10.0.0.0/8,./a.txt", "--basic-auth": "users", "--rate-limit": "60/min" };
  const { access } = commandLineEndpoint({ env: {}, flags, command: "http" } as never);
  expect(access).toMatchObject({ allow_ips: ["10.0.0.0/8", "./a.txt"], basic_auth: "users" });
  expect(access.rate_limit.requests_per_minute).toBe(60);
});

test.each([
  [{ "--allow-ip": "" }, "--allow-ip has no address"],
  [{ "--deny-ip": " , " }, "--deny-ip has no address"],
  [{ "--allow-ip": "https://lists.example/ips" }, "is a URL, which only the configuration of the server may name"],
  [{ "--rate-limit": "60/hour" }, "--rate-limit"],
  [{ "--rate-limit": "0/min" }, "--rate-limit"],
])("%j is refused, because it would let everyone in or mean something else", (flags, message) => {
  expect(() => commandLineEndpoint({ env: {}, flags, command: "http" } as never)).toThrow(
    expect.objectContaining({ message: expect.stringContaining(message) as string }) as Error,
  );
});
