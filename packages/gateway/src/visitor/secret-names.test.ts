import { execFileSync } from "node:child_process";
import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { needsRoot } from "@postern/testkit";
import { DISK, type FileSystem } from "../files/disk/file-system.js";
import { SecretFiles, SharedDisk } from "../files/index.js";
import { Site } from "./file-visits.suite.js";

/** A folder with a log in it and one in a subfolder. */
function stateFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "postern-state-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, "logs"));
  writeFileSync(join(folder, "audit.log"), "secret");
  writeFileSync(join(folder, "logs/a.log"), "secret");
  return folder;
}

test("a file of a secret folder is refused under its hard links, too, also if it gets them later", async () => {
  const state = stateFolder();
  const secrets = new SecretFiles({ paths: [state], now: () => site.visit.clock.now() });
  const site: Site = new Site({ "a.txt": "one" }, { secrets, browse: true });
  linkSync(join(site.directory, "a.txt"), join(site.directory, "b.txt"));
  linkSync(join(state, "audit.log"), join(site.directory, "audit.txt"));
  linkSync(join(state, "logs/a.log"), join(site.directory, "log.txt"));
  for (const path of ["/audit.txt", "/log.txt"]) expect((await site.get(path)).status, path).toBe(404);
  for (const path of ["/a.txt", "/b.txt"]) expect((await site.get(path)).body).toBe("one");
  expect((await site.get("/")).body).not.toMatch(/audit|log\.txt/);
  writeFileSync(join(state, "logs/b.log"), "secret");
  linkSync(join(state, "logs/b.log"), join(site.directory, "later.txt"));
  site.settle();
  expect((await site.get("/later.txt")).status).toBe(404);
});

test("secret folders are searched for hard links only if a file has several names, once a second, and not endlessly", async () => {
  let folders = 0;
  let stats = 0;
  const readFolder: FileSystem["readFolder"] = (_, visit) => {
    folders++;
    for (let n = 0; n < 3_000; n++) visit({ name: `${n}`, key: `${n}`, kind: n < 2_000 ? "file" : "folder" });
    return Promise.resolve();
  };
  const stat: FileSystem["stat"] = (path) => {
    if (/\/\d+$/.test(path.toString())) stats++;
    return DISK.stat(path);
  };
  const secrets = new SecretFiles({
    paths: [stateFolder()],
    disk: new SharedDisk({ ...DISK, readFolder, stat }),
    now: () => site.visit.clock.now(),
  });
  const site: Site = new Site({ "a.txt": "one", "b.txt": "two" }, { secrets });
  await site.get("/a.txt");
  expect(folders).toBe(0);
  for (const name of ["c", "d"]) linkSync(join(site.directory, "b.txt"), join(site.directory, `${name}.txt`));
  for (const name of ["b", "c", "d"]) expect((await site.get(`/${name}.txt`)).body).toBe("two");
  expect(stats).toBeLessThanOrEqual(4_096);
  expect(folders).toBeLessThanOrEqual(4_096);
  const before = folders;
  site.settle();
  expect((await site.get("/b.txt")).body).toBe("two");
  expect(folders).toBe(2 * before);
});

test("what a secret folder contains is refused in each place where it, a part of it, or a folder above it is mounted", async () => {
  const state = stateFolder();
  const above = `above/${basename(state)}`;
  let mounts = "";
  const secrets = new SecretFiles({
    paths: [state],
    readMounts: () => Promise.resolve(mounts),
    now: () => site.visit.clock.now(),
  });
  const site: Site = new Site(
    { "whole/x": "one", "part/x": "one", [`${above}/x`]: "one", "file.txt": "one", "ok.txt": "one" },
    { secrets },
  );
  const paths = ["/whole/x", "/part/x", `/${above}/x`, "/file.txt"];
  for (const path of paths) expect((await site.get(path)).status).toBe(200);
  mounts = [
    "1 0 8:1 / / rw - ext4 /dev/sda rw",
    `2 1 8:1 ${state} ${site.directory}/whole rw - ext4 /dev/sda rw`,
    `3 1 8:1 ${state}/logs ${site.directory}/part rw - ext4 /dev/sda rw`,
    `4 1 8:1 ${tmpdir()} ${site.directory}/above rw - ext4 /dev/sda rw`,
    `5 1 8:1 ${state}/audit.log ${site.directory}/file.txt rw - ext4 /dev/sda rw`,
  ].join("\n");
  symlinkSync("whole", join(site.directory, "link"));
  site.settle();
  for (const path of [...paths, "/link/x"]) expect((await site.get(path)).status, path).toBe(404);
  expect((await site.get("/ok.txt")).body).toBe("one");
});

test("a secret folder is refused where this machine has mounted it again", async (context) => {
  needsRoot(context);
  const state = stateFolder();
  const secrets = new SecretFiles({ paths: [state] });
  const site = new Site({ "whole/x": "", "part/x": "", "a.txt": "one" }, { secrets });
  const mount = (source: string, name: string): void => {
    execFileSync("mount", ["--bind", source, join(site.directory, name)]);
    onTestFinished(() => void execFileSync("umount", [join(site.directory, name)]));
  };
  mount(state, "whole");
  mount(join(state, "logs"), "part");
  for (const path of ["/whole/audit.log", "/whole/logs/a.log", "/part/a.log"])
    expect((await site.get(path)).status, path).toBe(404);
  expect((await site.get("/a.txt")).body).toBe("one");
});
