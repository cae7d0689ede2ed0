import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { scratchFolder } from "@postern/testkit";
import { readSettings, type Settings } from "../settings/configuration.js";
import { checkFolders } from "./folder-checks.js";

test("a folder that is missing is an error, unless it is already served: then a build tool may be replacing it", async () => {
  const folder = scratchFolder(onTestFinished);
  const settings = await readSettings({ config: undefined, readsNoFile: true, env: { HOME: folder }, flags: {} });
  const [dist, other] = ["dist", "other"].map((name) => ({ path: join(folder, name), origin: `${name} in a file` }));
  mkdirSync(dist!.path);
  const before = await checkFolders(settings, [dist!], []);
  expect([...before.folders]).toEqual([dist!.path]);
  rmSync(dist!.path, { recursive: true });
  expect((await checkFolders(settings, [dist!], [], before)).warnings).toEqual([
    `The folder ${dist!.path} does not exist (dist in a file). Visitors get 404 until it can be read.`,
  ]);
  await expect(checkFolders(settings, [dist!], [])).rejects.toMatchObject({ code: "PN_FOLDER_UNREADABLE" });
  await expect(checkFolders(settings, [other!], [], before)).rejects.toThrow(
    /other does not exist \(other in a file\)/,
  );
});

test("what was secret before a reload stays secret, also if no folder was served then", async () => {
  const folder = scratchFolder(onTestFinished);
  const config = join(folder, "gateway.toml");
  const root = { path: folder, origin: "a file" };
  const settingsWith = (token: string): Promise<Settings> => {
    writeFileSync(config, `[tunnel.auth]\ntoken_file = "${token}"\n`, { mode: 0o600 });
    return readSettings({ config, env: { HOME: join(folder, "home") }, flags: {} });
  };
  for (const named of [[root], []]) {
    const before = await checkFolders(await settingsWith("old.tok"), named, []);
    const after = await checkFolders(await settingsWith("new.tok"), [root], [], before);
    expect(after.secretFiles).toEqual(expect.arrayContaining([join(folder, "old.tok"), join(folder, "new.tok")]));
  }
});

test("a folder of earlier logs around a folder that is served now is no longer secret", async () => {
  const folder = scratchFolder(onTestFinished);
  const settings = await readSettings({ config: undefined, readsNoFile: true, env: { HOME: folder }, flags: {} });
  const before = { folders: new Set<string>(), secretFiles: [folder, join(folder, "public"), join(folder, "a.key")] };
  mkdirSync(join(folder, "public"));
  const { secretFiles } = await checkFolders(settings, [{ path: join(folder, "public"), origin: "x" }], [], before);
  expect(secretFiles).toContain(join(folder, "a.key"));
  expect(secretFiles).not.toContain(folder);
  expect(secretFiles).not.toContain(join(folder, "public"));
});
