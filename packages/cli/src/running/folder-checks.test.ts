import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { scratchFolder } from "@postern/testkit";
import { readSettings } from "../settings/configuration.js";
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
