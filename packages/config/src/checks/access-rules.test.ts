import { expect, test } from "vitest";
import { ConfigError } from "../file/problem.js";
import { TomlFile } from "../file/toml-file.js";
import { loadConfiguration, type LoadedConfiguration } from "../load.js";

const ENDPOINT = '[[tunnel.endpoints]]\nserver_url = "http://localhost"\nlocal = 3000\n';
const ROUTE = '[[proxy]]\npath = "/a"\ntarget = "http://localhost:1"\n';
const ALWAYS = "[tunnel.server.policies.always]\n";

async function load(
  toml: string,
  env: Record<string, string> = { NOTHING: "", COMMAS: " , " },
): Promise<LoadedConfiguration> {
  return loadConfiguration({ file: await TomlFile.read("postern.toml", Buffer.from(toml)), env, flags: {} });
}

test("an endpoint has the access options of a route, as a table or in one line", async () => {
  const inLine = 'access = { allow_ips = ["10.0.0.0/8"], rate_limit = { requests_per_minute = 60 } }';
  const asTable = '[tunnel.endpoints.access]\nallow_ips = ["10.0.0.0/8"]\nrate_limit.requests_per_minute = 60';
  for (const text of [inLine, asTable]) {
    const { values } = await load(ENDPOINT + text);
    expect(values.tunnel.endpoints[0]?.access).toMatchObject({
      allow_ips: ["10.0.0.0/8"],
      rate_limit: { requests_per_minute: 60, window: 60_000 },
    });
  }
});

test("the policies of a server", async () => {
  const { values } = await load('[tunnel.server.policies]\nallow = ["jwt", "jwks_url"]\nalways.deny_ips = ["./a.txt"]');
  const { allow, always } = values.tunnel.server.policies;
  expect([allow, always.deny_ips]).toEqual([["jwt", "jwks_url"], ["./a.txt"]]);
});

test.each([
  [`${ENDPOINT}access.allow_ips = ["10.0.0.1", "https://lists.example/ips"]`, /is a URL, which only the configuration/],
  [`${ENDPOINT}access.allow_private = true`, /allow_private is not allowed here/],
  [`${ENDPOINT}access.rate_limit.burst = 1`, /burst needs requests_per_minute/],
  [`${ENDPOINT}access.jwt.issuer = "i"`, /tokens require a key/],
  [`${ENDPOINT}access.forward_auth.response_fields = ["A"]`, /forward_auth has no url/],
  [`${ENDPOINT}access = { allow_ip = ["10.0.0.1"] }`, /allow_ips/],
  [`${ALWAYS}rate_limit.message = "a"`, /no limit/],
  [`${ALWAYS}basic_auth = "users"\njwt.secret = "${"s".repeat(32)}"`, /exclude each other/],
  ['[tunnel.server.policies]\nallow = ["nonsense"]', /allow/],
  [`${ENDPOINT}access.allow_ips = []`, /allow_ips is empty\. List addresses, or remove it/],
  [`${ROUTE}access.deny_ips = []`, /deny_ips is empty/],
  [`${ALWAYS}allow_ips = "\${NOTHING}"`, /allow_ips is empty/],
  [`${ROUTE}access.allow_ips = "\${COMMAS}"`, /allow_ips is empty/],
  [`${ROUTE}access.oidc.emails = "\${NOTHING}"`, /emails of oidc is empty/],
  [`${ROUTE}access.client_names = []`, /client_names is empty/],
  [`${ROUTE}client_ips = "\${NOTHING}"`, /client_ips is empty/],
  [`${ROUTE}access.basic_auth = "\${NOTHING}"`, /basic_auth is empty/],
  [`${ENDPOINT}access.password_file = ""`, /password_file is empty/],
  [`${ROUTE}access.forward_auth.response_fields = []`, /forward_auth has no url/],
  ...[ROUTE, ENDPOINT].flatMap((table): [string, RegExp][] => [
    [`${table}access = { jwt = {} }`, /tokens require a key/],
    [`${table}access.forward_auth = {}`, /forward_auth has no url/],
    [`${table}access.webhook = {}`, /a webhook requires a kind/],
    [`${table}access.rate_limit = {}`, /no limit/],
  ]),
  ["[tunnel.server.policies.always.jwt]", /tokens require a key/],
  ["[tunnel.server.policies.always.webhook]", /a webhook requires a kind/],
])("%j is refused", async (text, message) => {
  const error = await load(text).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ConfigError);
  expect((error as ConfigError).problems.map((problem) => problem.message).join("\n")).toMatch(message);
});

test("an error about an empty list names its line", async () => {
  const error = await load(`${ROUTE}access.allow_ips = []`).catch((thrown: unknown) => thrown);
  expect((error as ConfigError).problems.map(({ line }) => line)).toEqual([4]);
});

test.each(["", " , ", "\n"])("an environment variable of an access option with %j is refused", async (value) => {
  const name = "POSTERN_TUNNEL_SERVER_POLICIES_ALWAYS_ALLOW_IPS";
  const error = await load("", { [name]: value }).catch((thrown: unknown) => thrown);
  expect((error as ConfigError).problems.map(({ message }) => message).join()).toContain(`${name} is empty.`);
  const other = await load("", { POSTERN_TUNNEL_SERVER_BASE_DOMAIN: "" });
  expect(other.values.tunnel.server.base_domain).not.toBe("");
});
