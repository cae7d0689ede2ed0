import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { ConfigError } from "../file/problem.js";
import { TomlFile } from "../file/toml-file.js";
import { loadConfiguration, type LoadedConfiguration } from "../load.js";

const SERVER_SAMPLE = new URL("../../../../examples/config/tunnel-server.toml", import.meta.url);

async function load(
  toml: string | Uint8Array,
  { env = {} }: { env?: Record<string, string> } = {},
): Promise<LoadedConfiguration> {
  return loadConfiguration({ file: await TomlFile.read("postern.toml", Buffer.from(toml)), env });
}

async function problemsOf(toml: string): Promise<string[]> {
  const error: unknown = await load(toml).catch((thrown: unknown) => thrown);
  if (!(error instanceof ConfigError)) throw new Error("the configuration was not rejected", { cause: error });
  return error.problems.map(({ message }) => message);
}

describe("unsupported settings", () => {
  test("are reported, except in tables that are switched off", async () => {
    const loaded = await load(readFileSync(SERVER_SAMPLE));
    const { pending, ignored } = loaded.unsupported(["tunnel", "server"]);
    expect(pending.map(({ message }) => message)).toContain(
      "tunnel.server.tunnel_port needs a feature that this version does not support: a separate port for clients.",
    );
    expect(pending.map(({ message }) => message).join()).not.toContain("[tunnel.server.ssl]");
    expect(ignored.map(({ where, message }) => `${where} ${message}`)).toEqual([
      "postern.toml:59:1 connection_pool_size, worker_threads, websocket_buffer_size, http_buffer_size, cleanup_interval in [tunnel.server.performance] have no effect: the server chooses these values automatically.",
    ]);
  });

  test("are not reported for defaults, or for a file that repeats the defaults", async () => {
    expect((await load("")).unsupported()).toEqual({ pending: [], ignored: [] });
    const repeated = "[tunnel.ssl]\nverify_server = true\nalpn_protocols = []\n";
    expect((await load(repeated)).unsupported()).toEqual({ pending: [], ignored: [] });
  });

  test("are reported for a table that the caller runs, regardless of its own `enabled`", async () => {
    const server = ["tunnel", "server"];
    const limited = "[tunnel.server.acme]\nenabled = true\n";
    expect((await load(limited)).unsupported(server).pending).toHaveLength(1);
    expect((await load(`${limited}[tunnel.server]\nenabled = false\n`)).unsupported().pending).toEqual([]);
    // `enabled = false` in [tunnel] does not disable the server.
    const serverAlone = `[tunnel]\nenabled = false\nmonitoring.enabled = true\n[tunnel.server]\nenabled = true\n${limited}`;
    const messages = (await load(serverAlone)).unsupported().pending.map(({ message }) => message);
    expect(messages).toEqual([expect.stringContaining("[tunnel.server.acme]")]);
  });

  test("of parts that are not built yet are checked all the same", async () => {
    const parts = '[tunnel.server.acme]\nenabled = true\n[tunnel.server.tcp]\nports = "20000-20100"\n';
    const { pending } = (await load(parts)).unsupported(["tunnel", "server"]);
    expect(pending.map(({ message }) => message)).toEqual([
      expect.stringContaining("[tunnel.server.acme] needs a feature"),
      expect.stringContaining("[tunnel.server.tcp] needs a feature"),
    ]);
    for (const ports of ["20100-20000", "0-5", "1-65536", "a"])
      expect((await problemsOf(`[tunnel.server.tcp]\nports = "${ports}"\n`)).join()).toContain("port range");
    const both = '[tunnel.server.acme.dns]\nprovider = "a"\nexec = "./b"\n';
    expect((await problemsOf(both)).join()).toContain("provider and exec are both set");
  });

  test("are reported from the environment as well as the file", async () => {
    const env = { POSTERN_TUNNEL_SERVER_ACME_ENABLED: "yes" };
    const { pending } = (await load("", { env })).unsupported(["tunnel", "server"]);
    expect(pending.map(({ message }) => message)).toEqual([expect.stringContaining("[tunnel.server.acme]")]);
    expect(
      (await load("", { env: { ...env, POSTERN_TUNNEL_SERVER_ACME_ENABLED: "no" } })).unsupported().pending,
    ).toEqual([]);
  });

  test("are reported if an option differs from its default", async () => {
    const { pending } = (await load("[tunnel.server.network]\nbind_address = '::1'\n")).unsupported([
      "tunnel",
      "server",
    ]);
    expect(pending).toHaveLength(1);
  });
});
