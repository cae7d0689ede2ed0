import { execFileSync } from "node:child_process";
import { linkSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, onTestFinished, test } from "vitest";
import { DISK, type FileSystem } from "../files/disk/file-system.js";
import { SecretFiles, SharedDisk } from "../files/index.js";
import { Site } from "./file-visits.suite.js";

const SECRET = "the secret of another folder";

/** A folder beside the served one. */
function outside(): string {
  const folder = mkdtempSync(join(tmpdir(), "postern-outside-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, "secret.txt"), SECRET);
  return folder;
}

describe("a path that climbs", () => {
  const UP = [
    "..",
    "%2e%2e",
    ".%2e",
    "%252e%252e",
    "..%00",
    "..%2f",
    "%c0%ae%c0%ae",
    "..\\",
    "%5c..",
    "..;",
    "....",
    "%u002e%u002e",
  ];
  const SLASH = ["/", "//", "%2f", "%5c", "\\", "%252f", "/./", "%c0%af"];

  test("reads no byte outside the folder, in any encoding", async () => {
    const folder = outside();
    const site = new Site({ "public/index.html": "home", "a.txt": "one" });
    const name = folder.split("/").at(-1)!;
    for (const up of UP) {
      for (const slash of SLASH) {
        for (const start of ["/", "/public/", "/a.txt/"]) {
          const climbs = `${start}${`${up}${slash}`.repeat(3)}`;
          for (const end of [
            `${name}/secret.txt`,
            `${name}${slash}secret.txt`,
            `tmp${slash}${name}${slash}secret.txt`,
            "etc/passwd",
          ]) {
            const { status, body } = await site.get(climbs + end);
            expect([400, 404], climbs + end).toContain(status);
            expect(body).not.toContain(SECRET);
          }
        }
      }
    }
  });
});

describe("a link", () => {
  test("out of the folder is refused, to a file, to a folder, and through another link; if wanted it is followed", async () => {
    const folder = outside();
    const links = (site: Site): void => {
      symlinkSync(join(folder, "secret.txt"), join(site.directory, "file"));
      symlinkSync(folder, join(site.directory, "folder"));
      symlinkSync("folder/secret.txt", join(site.directory, "chain"));
      symlinkSync("/proc/self/root", join(site.directory, "magic"));
    };
    const site = new Site({ "a.txt": "one" });
    links(site);
    for (const path of ["/file", "/folder/secret.txt", "/chain", "/folder", "/folder/", `/magic${folder}/secret.txt`])
      expect((await site.get(path)).status, path).toBe(404);
    const open = new Site({ "a.txt": "one" }, { followLinks: true });
    links(open);
    for (const path of ["/file", "/folder/secret.txt", "/chain"]) expect((await open.get(path)).body).toBe(SECRET);
  });

  test("inside the folder is followed", async () => {
    const site = new Site({ "v2/app.js": "two" });
    symlinkSync("v2", join(site.directory, "current"));
    symlinkSync("current/app.js", join(site.directory, "app.js"));
    expect((await site.get("/current/app.js")).body).toBe("two");
    expect((await site.get("/app.js")).body).toBe("two");
  });

  test("to which the served folder itself is switched serves the new files", async () => {
    const target = outside();
    const site = new Site({ "a.txt": "one" });
    expect((await site.get("/a.txt")).body).toBe("one");
    renameSync(site.directory, `${site.directory}-old`);
    onTestFinished(() => rmSync(`${site.directory}-old`, { recursive: true }));
    symlinkSync(target, site.directory);
    site.visit.clock.pass(1_000);
    expect((await site.get("/secret.txt")).body).toBe(SECRET);
  });

  test("that somebody puts in the place of a folder between the calls to the disk is not followed", async () => {
    const folder = outside();
    const swaps = ["stat", "open", "fstat", "readlink", "read"] as const;
    for (const swapped of swaps) {
      for (const when of ["before", "after"]) {
        const swap = (): void => {
          rmSync(join(site.directory, "docs"), { recursive: true, force: true });
          symlinkSync(folder, join(site.directory, "docs"));
        };
        const site: Site = new Site(
          { "docs/secret.txt": "public" },
          { fileSystem: around(swapped, when === "before", swap) },
        );
        const { body } = await site.get("/docs/secret.txt");
        expect(body, `${when} ${swapped}`).not.toContain(SECRET);
      }
    }
  });
});

/** The disk, with an action before or after the first call of one kind. */
function around(name: "stat" | "open" | "fstat" | "readlink" | "read", isBefore: boolean, act: () => void): FileSystem {
  let isDone = false;
  const once = (): void => {
    if (!isDone) act();
    isDone = true;
  };
  if (name === "read") {
    const read: FileSystem["read"] = (fd, buffer, length, position, done) => {
      if (isBefore) once();
      DISK.read(fd, buffer, length, position, (error, bytes) => {
        if (!isBefore) once();
        done(error, bytes);
      });
    };
    return { ...DISK, read };
  }
  const call = async (...args: [never, never]): Promise<unknown> => {
    if (isBefore) once();
    const result = await DISK[name](...args);
    if (!isBefore) once();
    return result;
  };
  return { ...DISK, [name]: call };
}

test("pipes, sockets and devices are refused, and a process that writes into the pipe does not notice", async () => {
  const site = new Site({ "a.txt": "one" });
  execFileSync("mkfifo", [join(site.directory, "pipe")]);
  const server = createServer().listen(join(site.directory, "socket"));
  onTestFinished(() => void server.close());
  symlinkSync("/dev/zero", join(site.directory, "zero"));
  for (const path of ["/pipe", "/socket", "/zero"]) {
    expect((await site.get(path)).status, path).toBe(404);
  }
  const dev = new Site({}, { followLinks: true });
  symlinkSync("/dev/zero", join(dev.directory, "zero"));
  expect((await dev.get("/zero")).status).toBe(404);
});

test("names with a dot in front are hidden unless they are wanted, except /.well-known/", async () => {
  const files = { ".env": "KEY=1", ".git/config": "x", "a/.b/c": "x", ".well-known/security.txt": "mail" };
  const site = new Site(files);
  for (const path of ["/.env", "/%2eenv", "/.git/config", "/.git", "/.git/", "/a/.b/c"])
    expect((await site.get(path)).status, path).toBe(404);
  expect((await site.get("/.well-known/security.txt")).body).toBe("mail");
  expect((await new Site(files, { dotfiles: true }).get("/.env")).body).toBe("KEY=1");
});

describe("a secret file", () => {
  /** A site that also has a key, under several names. */
  function siteWithKey(): { site: Site; secrets: SecretFiles; key: string } {
    const secrets = new SecretFiles({ paths: [], now: () => site.visit.clock.now() });
    const site: Site = new Site({ "tls/key.pem": SECRET, "a.txt": "one" }, { secrets });
    const key = join(site.directory, "tls/key.pem");
    linkSync(key, join(site.directory, "hard.txt"));
    symlinkSync("tls/key.pem", join(site.directory, "soft.txt"));
    symlinkSync("tls", join(site.directory, "folder"));
    writeFileSync(`${key}.gz`, gzipSync(SECRET));
    return { site, secrets, key };
  }
  const NAMES = ["/tls/key.pem", "/hard.txt", "/soft.txt", "/folder/key.pem", "/tls/key.pem.gz", "/folder/key.pem.gz"];

  test("is never served, whatever name leads to it, also if it was served before", async () => {
    const { site, secrets, key } = siteWithKey();
    for (const path of NAMES) expect((await site.get(path)).status, path).toBe(200);
    secrets.replace([key]);
    for (const path of NAMES) expect((await site.get(path, "Accept-Encoding: gzip\r\n")).status, path).toBe(404);
    expect((await site.get("/a.txt")).status).toBe(200);
  });

  test("is also refused when it is replaced, or appears later", async () => {
    const { site, secrets, key } = siteWithKey();
    secrets.replace([key, join(site.directory, "later.log")]);
    writeFileSync(`${key}.new`, "rotated");
    renameSync(`${key}.new`, key);
    site.write("later.log", "line");
    expect((await site.get("/tls/key.pem")).status).toBe(404);
    expect((await site.get("/later.log")).status).toBe(404);
    linkSync(key, join(site.directory, "new-name.txt"));
    site.visit.clock.pass(1_000);
    expect((await site.get("/new-name.txt")).status).toBe(404);
  });

  test("may be a folder: nothing in it is served or listed", async () => {
    const secrets = new SecretFiles({ paths: [] });
    const site = new Site({ "logs/2026/a.log": SECRET, "a.txt": "one" }, { secrets, browse: true });
    secrets.replace([join(site.directory, "logs")]);
    for (const path of ["/logs", "/logs/", "/logs/2026/", "/logs/2026/a.log"])
      expect((await site.get(path)).status, path).toBe(404);
    expect((await site.get("/")).body).not.toContain("logs");
  });

  test("is also what a configuration in a served folder names, although nobody told the gateway of it", async () => {
    for (const config of ["postern.toml", "app_config.toml"]) {
      const read: string[] = [];
      const secrets = new SecretFiles({
        paths: [],
        namedFiles: (path) => {
          read.push(path);
          return Promise.resolve([join(site.directory, "app/keys"), join(site.directory, "app/hash.txt")]);
        },
        now: () => site.visit.clock.now(),
      });
      const files = { "app/keys/a.key": SECRET, "app/hash.txt": SECRET, "app/a.txt": "one", "b/a.txt": "one" };
      const site: Site = new Site({ ...files, "app/.x": "" }, { secrets });
      expect((await site.get("/app/keys/a.key")).status).toBe(200);
      site.write(`app/${config}`, "[server]");
      site.visit.clock.pass(1_000);
      for (const path of ["/app/keys/a.key", "/app/hash.txt", `/app/${config}`])
        expect((await site.get(path)).status, path).toBe(404);
      expect((await site.get("/app/a.txt")).status).toBe(200);
      expect(read).toEqual([join(site.directory, "app", config)]);
    }
  });
});

test("a file that a configuration in a served folder named before it changed stays secret", async () => {
  let names = ["old.tok"];
  const secrets = new SecretFiles({
    paths: [],
    namedFiles: () => Promise.resolve(names.map((name) => join(site.directory, name))),
    now: () => site.visit.clock.now(),
  });
  const files = { "old.tok": SECRET, "new.tok": SECRET, "a.txt": "one", "postern.toml": "old" };
  const site: Site = new Site(files, { secrets });
  expect((await site.get("/old.tok")).status).toBe(404);
  names = ["new.tok"];
  site.write("postern.toml", "changed");
  site.visit.clock.pass(1_000);
  for (const path of ["/new.tok", "/old.tok"]) expect((await site.get(path)).status, path).toBe(404);
  expect((await site.get("/a.txt")).status).toBe(200);
});

test("the search for configurations is bounded, ends when it is not wanted, and follows no links", async () => {
  let folders = 0;
  let endless = true;
  const readFolder: FileSystem["readFolder"] = (path, visit) => {
    folders++;
    const count = endless ? 200 : 1;
    for (let n = 0; n < count; n++) visit({ name: `d${n}`, key: `d${n}`, kind: "folder" });
    visit({ name: "link", key: "link", kind: "link" });
    return path.includes("link") ? Promise.reject(new Error("followed")) : Promise.resolve();
  };
  const namedFiles = (): Promise<string[]> => Promise.resolve([]);
  const secrets = new SecretFiles({ paths: [], namedFiles, disk: new SharedDisk({ ...DISK, readFolder }) });
  await secrets.searchBelow(tmpdir(), () => true);
  expect(folders).toBe(10_001);
  folders = 0;
  endless = false;
  await secrets.searchBelow(tmpdir(), () => true);
  expect(folders).toBe(9);
  folders = 0;
  await secrets.searchBelow(tmpdir(), () => folders < 3);
  expect(folders).toBe(3);
});

test("a file that is deleted while it is opened is missing, and one that is replaced is served as it is now", async () => {
  const gone: Site = new Site({ "a.txt": "one" }, { fileSystem: around("open", false, () => gone.remove("a.txt")) });
  expect((await gone.get("/a.txt")).status).toBe(404);
  const replace = (): void => renameSync(join(site.directory, "b.txt"), join(site.directory, "a.txt"));
  const site: Site = new Site({ "a.txt": "one", "b.txt": "two" }, { fileSystem: around("open", false, replace) });
  expect((await site.get("/a.txt")).body).toBe("two");
});
