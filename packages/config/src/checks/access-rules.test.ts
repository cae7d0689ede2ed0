import { expect, test } from "vitest";
import { ConfigError } from "../file/problem.js";
import { TomlFile } from "../file/toml-file.js";
import { loadConfiguration, type LoadedConfiguration } from "../load.js";

const ENDPOINT = '[[tunnel.endpoints]]\nserver_url = "http://localhost"\nlocal = 3000\n';
const ALWAYS = "[tunnel.server.policies.always]\n";

async function load(toml: string): Promise<LoadedConfiguration> {
  return loadConfiguration({ file: await TomlFile.read("postern.toml", Buffer.from(toml)), env: {}, flags: {} });
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
])("%j is refused", async (text, message) => {
  const error = await load(text).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ConfigError);
  expect((error as ConfigError).problems.map((problem) => problem.message).join("\n")).toMatch(message);
});
