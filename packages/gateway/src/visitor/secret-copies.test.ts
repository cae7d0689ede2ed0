import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { DISK, type FileSystem } from "../files/disk/file-system.js";
import { SecretFiles, SharedDisk } from "../files/index.js";
import { Site } from "./file-visits.suite.js";

const SECRET = "the secret of another program";

test("copies of secret files are refused by their names, also through links, and if the original is gone", async () => {
  const secrets = new SecretFiles({ paths: [], namedFiles: () => Promise.resolve([join(site.directory, "a.key")]) });
  const config = "conf/app_config.toml";
  const copies = [".gz", "~", ".bak", ".old", ".orig", ".save", ".tmp", ".swp", ".bak.gz"];
  const names = [config, "a.key"].flatMap((name) => copies.map((ending) => name + ending));
  const files = Object.fromEntries(
    ["gone/postern.toml~", "conf/.app_config.toml.swp", ...names].map((n) => [n, SECRET]),
  );
  const site: Site = new Site({ ...files, [config]: "x", "b.txt~": "b" }, { secrets, dotfiles: true });
  symlinkSync(`${config}.gz`, join(site.directory, "pub.gz"));
  symlinkSync(`${config}.bak`, join(site.directory, "pub.txt"));
  await site.get("/conf/");
  for (const path of [...Object.keys(files), "pub.gz", "pub.txt"]) {
    expect((await site.get(`/${path}`)).status, path).toBe(404);
  }
  expect((await site.get("/b.txt~")).body).toBe("b");
});

test.for<[string, number]>([
  ["EIO", 404],
  ["EACCES", 404],
  ["ENOENT", 200],
])("after a stat of a configuration that fails with %s, what it names gets %i", async ([code, status]) => {
  let fails = false;
  const stat: FileSystem["stat"] = (path) =>
    fails && path.includes("postern.toml") ? Promise.reject(Object.assign(new Error(code), { code })) : DISK.stat(path);
  const secrets = new SecretFiles({
    paths: [],
    namedFiles: () => Promise.resolve([join(site.directory, "a.key")]),
    disk: new SharedDisk({ ...DISK, stat }),
    now: () => site.visit.clock.now(),
  });
  const site: Site = new Site({ "postern.toml": "x", "a.key": SECRET }, { secrets });
  expect((await site.get("/a.key")).status).toBe(404);
  fails = true;
  site.visit.clock.pass(1_000);
  expect((await site.get("/a.key")).status).toBe(status);
});
