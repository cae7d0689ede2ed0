import { mkdtempSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { DISK, type FileSystem } from "../files/disk/file-system.js";
import { Site } from "./file-visits.suite.js";

test.for([10, 2_000_000])(
  "a link that somebody puts in the place of the folder of a cached file of %i bytes is not followed",
  async (size) => {
    const folder = mkdtempSync(join(tmpdir(), "postern-outside-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const files = { "a/docs/f.txt": Buffer.alloc(size, "f"), "v1/docs/f.txt": Buffer.alloc(size, "v") };
    const site = new Site(files);
    symlinkSync("v1", join(site.directory, "current"));
    symlinkSync("../a/docs/f.txt", join(site.directory, "v1/link.txt"));
    const paths = ["/a/docs/f.txt", "/current/docs/f.txt", "/current/link.txt"];
    const statuses = async (): Promise<number[]> => {
      site.settle();
      const found: number[] = [];
      for (const path of paths) found.push((await site.get(path)).status);
      return found;
    };
    expect(await statuses()).toEqual([200, 200, 200]);
    // The folder moves out of the root, with the same files in it, and a link remains.
    renameSync(join(site.directory, "a/docs"), join(folder, "docs"));
    symlinkSync(join(folder, "docs"), join(site.directory, "a/docs"));
    expect(await statuses()).toEqual([404, 200, 404]);
    renameSync(join(site.directory, "v1"), join(folder, "v1"));
    rmSync(join(site.directory, "current"));
    symlinkSync(join(folder, "v1"), join(site.directory, "current"));
    expect(await statuses()).toEqual([404, 404, 404]);
    rmSync(join(site.directory, "a/docs"));
    renameSync(join(folder, "docs"), join(site.directory, "a/docs"));
    expect(await statuses()).toEqual([200, 404, 404]);
  },
);

test("a link into the former folder is not followed after the served folder was switched to another", async () => {
  for (const followLinks of [false, true]) {
    const site = new Site({ "v1/a.txt": "one", "v2/a.txt": "two" });
    symlinkSync("v1", join(site.directory, "current"));
    symlinkSync("../v1/a.txt", join(site.directory, "v2/old.txt"));
    const current = new Site({}, { directory: join(site.directory, "current"), followLinks });
    expect((await current.get("/a.txt")).body).toBe("one");
    rmSync(join(site.directory, "current"));
    symlinkSync("v2", join(site.directory, "current"));
    current.settle();
    expect((await current.get("/old.txt")).status).toBe(followLinks ? 200 : 404);
    expect((await current.get("/a.txt")).body).toBe("two");
  }
});

test("the check of the folders of cached files costs the disk one more call a second for all files of the folder", async () => {
  const calls: string[] = [];
  const realpath: FileSystem["realpath"] = (path) => {
    calls.push(path.toString());
    return DISK.realpath(path);
  };
  const names = Array.from({ length: 20 }, (_, n) => `/docs/${n}.txt`);
  const site = new Site(Object.fromEntries(names.map((name) => [name, name])), { fileSystem: { ...DISK, realpath } });
  for (let second = 0; second < 3; second++) {
    site.settle();
    calls.length = 0;
    for (const name of names) expect((await site.get(name)).body).toBe(name);
  }
  expect(calls).toEqual([`${site.directory}/`, `${site.directory}/docs/`]);
});
