import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { scratchFolder } from "@postern/testkit";
import { readSettings, type Settings } from "../settings/configuration.js";
import { checkFolders, sharedFolder } from "./folder-checks.js";
import { servedFolders } from "./served-folders.js";

test("a folder that is missing is an error, unless it is already served: then a build tool may be replacing it", async () => {
  const folder = scratchFolder(onTestFinished);
  const settings = await readSettings({ config: undefined, readsNoFile: true, env: { HOME: folder }, flags: {} });
  const [dist, other] = ["dist", "other"].map((name) => ({
    path: join(folder, name),
    origin: `${name} in a file`,
    pages: [],
  }));
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
  const root = { path: folder, origin: "a file", pages: [] };
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
  const { secretFiles } = await checkFolders(
    settings,
    [{ path: join(folder, "public"), origin: "x", pages: [] }],
    [],
    before,
  );
  expect(secretFiles).toContain(join(folder, "a.key"));
  expect(secretFiles).not.toContain(folder);
  expect(secretFiles).not.toContain(join(folder, "public"));
});

test("a page that a folder does not have is a warning, also if there is a folder of its name", async () => {
  const folder = scratchFolder(onTestFinished);
  const settings = await readSettings({ config: undefined, readsNoFile: true, env: { HOME: folder }, flags: {} });
  const site = join(folder, "site");
  mkdirSync(join(site, "404.html"), { recursive: true });
  writeFileSync(join(site, "index.html"), "");
  const warningsFor = async (fallback: string, notFoundPage: string): Promise<string[]> =>
    (await checkFolders(settings, [sharedFolder({ directory: site, fallback, notFoundPage })], [])).warnings;
  expect(await warningsFor("/index.html", "")).toEqual([]);
  expect(await warningsFor("app.html", "404.html")).toEqual([
    `The served folder ${site} has no file app.html. Visitors do not get this page until it exists.`,
    `The served folder ${site} has no file 404.html. Visitors do not get this page until it exists.`,
  ]);
});

test("the default page of [static_config] may be missing, but not one that is written", async () => {
  const folder = scratchFolder(onTestFinished);
  const config = join(folder, "gateway.toml");
  const pagesWith = async (text: string): Promise<(readonly string[])[]> => {
    writeFileSync(config, text, { mode: 0o600 });
    const settings = await readSettings({ config, env: { HOME: folder }, flags: {} });
    return servedFolders(settings).map(({ pages }) => pages);
  };
  expect(await pagesWith(`[static_config]\n`)).toEqual([[]]);
  expect(await pagesWith(`[static_config]\nfallback = "index.html"\n`)).toEqual([["index.html"]]);
  expect(await pagesWith(`[static_config]\nfallback = ""\nnot_found_page = "a.html"\n`)).toEqual([["a.html"]]);
  expect(await pagesWith(`[[proxy]]\npath = "/b/*"\nfiles = { directory = ".", fallback = "b.html" }\n`)).toEqual([
    ["b.html"],
  ]);
});
