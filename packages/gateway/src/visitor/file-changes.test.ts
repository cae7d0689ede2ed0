import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { DISK, type FileSystem } from "../files/disk/file-system.js";
import { Site } from "./file-visits.suite.js";

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function openDescriptors(folder: string): number {
  return readdirSync("/proc/self/fd").filter((fd) => {
    try {
      return execFileSync("readlink", [`/proc/${process.pid}/fd/${fd}`], { encoding: "utf8" }).startsWith(folder);
    } catch {
      return false;
    }
  }).length;
}

describe("a large file", () => {
  const SIZE = 3 * 1024 * 1024;

  /** A site whose visitor has received the first part of a large file, and reads no more until `drain`. */
  async function begun({ age = 0 } = {}): Promise<Site> {
    const site = new Site({ "big.bin": Buffer.alloc(SIZE, "a") }, { wallClock: () => Date.now() + age });
    site.date("big.bin", new Date(1_000_000_000_000));
    site.visit.connection.takes = false;
    site.visit.send("GET /big.bin HTTP/1.1\r\nHost: a\r\n\r\n");
    while (site.visit.connection.unsent === 0) await nextTurn();
    return site;
  }

  /** The visitor reads on until its request is over. @returns the bytes of the body, if the response is complete */
  async function rest(site: Site): Promise<string | undefined> {
    const { connection } = site.visit;
    while (site.finished.length === 0) {
      if (connection.unsent > 0) connection.drain();
      await nextTurn();
    }
    const text = connection.take();
    return connection.state === "reset" ? undefined : text.slice(text.indexOf("\r\n\r\n") + 4);
  }

  test("that stays the same arrives whole although its visitor is slow, and holds two blocks", async () => {
    const site = await begun();
    for (let turn = 0; turn < 50; turn++) await nextTurn();
    expect(site.visit.connection.unsent).toBeLessThanOrEqual(2 * 256 * 1024 + 1024);
    expect((await rest(site))?.length).toBe(SIZE);
  });

  test("that is replaced by another arrives whole in the old version", async () => {
    const site = await begun();
    writeFileSync(join(site.directory, "new"), Buffer.alloc(SIZE, "b"));
    renameSync(join(site.directory, "new"), join(site.directory, "big.bin"));
    expect(await rest(site)).toBe("a".repeat(SIZE));
  });

  test("that grows while it is sent arrives with the size that it had, whole and in parts", async () => {
    const site = await begun();
    const path = join(site.directory, "big.bin");
    appendFileSync(path, Buffer.alloc(SIZE, "b"));
    expect(await rest(site)).toBe("a".repeat(SIZE));
    expect((await site.get("/big.bin", "", "HEAD")).fields["content-length"]).toBe(String(2 * SIZE));
    site.visit = await site.stalled("/big.bin", `Range: bytes=0-${SIZE},-${SIZE - 2}\r\n`);
    appendFileSync(path, "c");
    site.finished.length = 0;
    const parts = await rest(site);
    expect(parts).toContain(`\r\n\r\n${"a".repeat(SIZE)}b\r\n--`);
    expect(parts).toContain(`\r\n\r\n${"b".repeat(SIZE - 2)}\r\n--`);
  });

  test("that grows all the time arrives again and again", async () => {
    const site = new Site({ "big.log": Buffer.alloc(SIZE, "a") });
    const fd = openSync(join(site.directory, "big.log"), "a");
    let isOver = false;
    onTestFinished(() => void (isOver = true));
    const grow = (): void => {
      if (isOver) return;
      writeSync(fd, "line\n");
      setImmediate(grow);
    };
    grow();
    for (let n = 0; n < 5; n++) {
      const { status, fields, body } = await site.get("/big.log");
      expect({ status, length: body.length }).toEqual({ status: 200, length: Number(fields["content-length"]) });
    }
    isOver = true;
    closeSync(fd);
    expect(site.finished.every((end) => end.startsWith("200 complete"))).toBe(true);
  });

  test("that grows for the first time while it is sent is cut off; from then on it arrives whole", async () => {
    const site = await begun({ age: 11_000 });
    const path = join(site.directory, "big.bin");
    appendFileSync(path, "b");
    expect(await rest(site)).toBeUndefined();
    for (const letter of ["c", "d"]) {
      const before = readFileSync(path, "utf8");
      site.finished.length = 0;
      site.visit = await site.stalled("/big.bin");
      appendFileSync(path, letter);
      expect(await rest(site)).toBe(before);
    }
  });

  test.for<[string, (path: string) => void]>([
    ["truncated", (path) => truncateSync(path, 700_000)],
    ["written again", (path) => writeFileSync(path, Buffer.alloc(SIZE, "b"))],
    ["written again, longer", (path) => writeFileSync(path, Buffer.alloc(SIZE + 1, "b"))],
    ["changed in one byte", (path) => writeFileSync(path, "b", { flag: "r+" })],
    [
      "changed in one byte, and grows,",
      (path) => {
        writeFileSync(path, "b", { flag: "r+" });
        appendFileSync(path, "a");
      },
    ],
    [
      "truncated, and written again in the same beginning, shorter,",
      (path) => writeFileSync(path, Buffer.alloc(SIZE - 1, "a")),
    ],
  ])("that is %s while it is sent is cut off", async ([, change]) => {
    const site = await begun();
    change(join(site.directory, "big.bin"));
    expect(await rest(site)).toBeUndefined();
    expect(site.finished[0]).toMatch(/^200 origin_reset \d+$/);
  });

  test("is closed when its visitor leaves, and when its route is removed", async () => {
    const site = await begun();
    expect(openDescriptors(site.directory)).toBe(1);
    site.visit.connection.destroy();
    site.visit.connection.pump();
    expect(site.finished[0]).toMatch(/^200 visitor_left /);
    site.root.close();
    while (openDescriptors(site.directory) > 0) await nextTurn();
  });
});

test("a file that is opened while its route is removed does not stay open", async () => {
  const opened = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  const readlink: FileSystem["readlink"] = async (path) => {
    opened.resolve();
    await held.promise;
    return DISK.readlink(path);
  };
  const site = new Site({ "big.bin": Buffer.alloc(2_000_000) }, { fileSystem: { ...DISK, readlink } });
  const visit = site.visitor("/big.bin");
  await opened.promise;
  site.root.close();
  held.resolve();
  while (site.finished.length === 0 && visit.connection.unsent === 0) await nextTurn();
  visit.connection.destroy();
  visit.connection.pump();
  while (openDescriptors(site.directory) > 0) await nextTurn();
});

test("a process without descriptors refuses a file, closes those that nobody reads, and serves the file a second later", async () => {
  let open = 0;
  const fileSystem: FileSystem = {
    ...DISK,
    async open(path, flags) {
      if (open >= 5) throw Object.assign(new Error("too many"), { code: "EMFILE" });
      open++;
      return DISK.open(path, flags);
    },
    close(fd) {
      open--;
      DISK.close(fd);
    },
  };
  const names = Array.from({ length: 6 }, (_, n) => `${n}.bin`);
  const site = new Site(Object.fromEntries(names.map((name) => [name, Buffer.alloc(2_000_000)])), { fileSystem });
  const statuses = async (): Promise<number[]> => {
    const found: number[] = [];
    for (const name of names) found.push((await site.get(`/${name}`)).status);
    return found;
  };
  expect(await statuses()).toEqual([200, 200, 200, 200, 200, 503]);
  expect(open).toBe(0);
  site.visit.clock.pass(1_000);
  expect((await site.get("/5.bin")).status).toBe(200);
});

test("a file that changes each time it is read is not served in parts of two versions", async () => {
  let site: Site | undefined;
  const fstat: FileSystem["fstat"] = (fd) => {
    if (site !== undefined) site.write("a.txt", String(Math.random()));
    return DISK.fstat(fd);
  };
  const changing = new Site({ "a.txt": "one" }, { fileSystem: { ...DISK, fstat } });
  site = changing;
  expect((await changing.get("/a.txt")).status).toBe(503);
  site = undefined;
  changing.visit.clock.pass(1_000);
  expect((await changing.get("/a.txt")).body).toMatch(/^0\.\d+$/);
});
