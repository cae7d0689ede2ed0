import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { scratchFolder } from "@postern/testkit";
import { readSettings } from "../settings/configuration.js";
import { pathsOfConfiguration, secretPaths, servedSecretsWarnings } from "./secret-paths.js";

/** A folder with a configuration and the other files. */
function folderWith(configuration: string, ...files: string[]): string {
  const folder = realpathSync(scratchFolder(onTestFinished));
  writeFileSync(join(folder, "postern.toml"), configuration, { mode: 0o600 });
  for (const file of files) {
    mkdirSync(join(folder, file, ".."), { recursive: true });
    writeFileSync(join(folder, file), "x");
  }
  return folder;
}

async function secretsOf(folder: string, roots: string[], flags = {}, files: string[] = []): Promise<string[]> {
  const env = { HOME: join(folder, "home") };
  return secretPaths(await readSettings({ config: join(folder, "postern.toml"), env, flags }), roots, files);
}

test("the configuration, what it and the command line name, and the folders of the user are secret", async () => {
  const folder = folderWith(`
    [server.ssl]
    key_file = "tls/gateway.key"
    [tunnel.monitoring]
    event_log_file = "events/all.jsonl"
  `);
  const secrets = await secretsOf(folder, [folder], { "--api-key-file": join(folder, "my.key") }, [
    "/elsewhere/ca.pem",
  ]);
  expect(secrets.toSorted()).toEqual(
    [
      "/elsewhere/ca.pem",
      ...["events", "events/all.jsonl", "my.key", "postern.toml", "tls/gateway.key"].map((path) => join(folder, path)),
      ...[".config/postern", ".local/state/postern", ".local/state/postern/run"].map((path) =>
        join(folder, "home", path),
      ),
    ].toSorted(),
  );
});

test("a folder of logs around a served folder is none of its secrets, and one inside it is", async () => {
  const folder = folderWith('[tunnel.monitoring]\nevent_log_file = "events.jsonl"\n', "public/index.html");
  expect(await secretsOf(folder, [join(folder, "public")])).not.toContain(folder);
  await expect(secretsOf(folder, [folder])).rejects.toMatchObject({ code: "PN_CONFIG_INVALID" });
  // Another served folder contains the logs.
  await expect(secretsOf(folder, [join(folder, "public"), join(folder, "..")])).rejects.toThrow(/is for logs or state/);
});

test("a folder that a link leads to is compared by its real path", async () => {
  const folder = folderWith('[logging]\nfile_logging = true\nlogs_directory = "logs"\n');
  symlinkSync(".", join(folder, "logs"));
  await expect(secretsOf(folder, [folder])).rejects.toMatchObject({ code: "PN_CONFIG_INVALID" });
});

test("a warning names the files of configurations in a served folder, its own and others", async () => {
  const folder = folderWith(
    '[server.ssl]\nkey_file = "a.key"\ncert_file = "missing.pem"\n',
    "a.key",
    "b.key",
    "c.key",
    "d",
  );
  writeFileSync(join(folder, "app_config.toml"), 'key_file = "b.key"\nbroken');
  const warned = await servedSecretsWarnings([folder, folder], [join(folder, "c.key"), "/elsewhere"], {});
  expect(warned).toEqual([
    expect.stringContaining(
      "contains files of a configuration: a.key, app_config.toml, b.key and 2 more. Visitors get 404",
    ),
  ]);
  mkdirSync(join(folder, "public"));
  expect(await servedSecretsWarnings([join(folder, "public")], [join(folder, "c.key")], {})).toEqual([]);
});

test("paths of a configuration are absolute; it need not exist, and a folder around it is not named", async () => {
  const folder = folderWith('[server.ssl]\nkey_file = "../k.key"\n[logging]\nlogs_directory = ".."\n');
  expect(await pathsOfConfiguration(join(folder, "postern.toml"), {})).toEqual([join(folder, "../k.key")]);
  expect(await pathsOfConfiguration(join(folder, "nothing.toml"), {})).toEqual([]);
  expect(await pathsOfConfiguration(folder, {})).toEqual([]);
});

test("the existing files of a configuration with mistakes count, whichever option names them; folders do not", async () => {
  const folder = folderWith(
    '[broken\nbasic_auth = "htpasswd"\nkeys = ["a.key", "b.key"]\nfiles = "public"\n',
    "htpasswd",
    "a.key",
    "public/index.html",
  );
  expect(await pathsOfConfiguration(join(folder, "postern.toml"), {})).toEqual(
    ["htpasswd", "a.key"].map((name) => join(folder, name)),
  );
});
