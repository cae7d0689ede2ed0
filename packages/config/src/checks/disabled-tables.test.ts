import { expect, test } from "vitest";
import { TomlFile } from "../file/toml-file.js";
import { loadConfiguration } from "../load.js";

async function warnings(toml: string, env: Record<string, string> = {}): Promise<string[]> {
  const file = await TomlFile.read("postern.toml", Buffer.from(toml));
  return loadConfiguration({ file, env }).warnings.map(({ where, message }) => `${where}: ${message}`);
}

test.for(["rate_limit", "ssl", "auth.jwt", "acme"])(
  "options of [tunnel.server.%s] need its `enabled`",
  async (name) => {
    const option = { rate_limit: "burst_allowance = 5", ssl: 'cert_file = "a"', "auth.jwt": 'issuer = "a"' }[name];
    const table = `[tunnel.server.${name}]\n${option ?? "weekly_budget = 3"}\n`;
    expect(await warnings(table)).toEqual([
      `postern.toml:1:2: [tunnel.server.${name}] has no effect without enabled = true. Add it, or remove the table.`,
    ]);
    expect(await warnings(`${table}enabled = false\n`)).toEqual([]);
    expect(await warnings(`${table}[tunnel.server]\nenabled = false\n`)).toEqual([]);
  },
);

test("an empty table, one that the command line runs, and one that is enabled need no warning", async () => {
  expect(await warnings("[tunnel.server.rate_limit]\n")).toEqual([]);
  expect(await warnings("[tunnel.server]\nmax_tunnels = 3\n")).toEqual([]);
  expect(await warnings("[tunnel.server.rate_limit]\nenabled = true\nburst_allowance = 5\n")).toEqual([]);
});

test("options of the environment count as well", async () => {
  const found = await warnings("", { POSTERN_TUNNEL_SERVER_RATE_LIMIT_BURST_ALLOWANCE: "5" });
  expect(found.join()).toContain("[tunnel.server.rate_limit] has no effect");
});
