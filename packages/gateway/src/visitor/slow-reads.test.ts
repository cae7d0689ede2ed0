import { expect, test } from "vitest";
import { DISK, type FileSystem } from "../files/disk/file-system.js";
import { received, Site } from "./file-visits.suite.js";

const SIZE = 1_500_000;

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("reads that take long hold up no file in memory, no other folder, and with one call nothing else in the same folder", async () => {
  const held: (() => void)[] = [];
  const isSlow = new Set<number>();
  const open: FileSystem["open"] = async (path, flags) => {
    const fd = await DISK.open(path, flags);
    if (path.toString().endsWith("/slow.bin")) isSlow.add(fd);
    return fd;
  };
  const read: FileSystem["read"] = (fd, ...rest) => {
    if (isSlow.has(fd)) held.push(() => DISK.read(fd, ...rest));
    else DISK.read(fd, ...rest);
  };
  const files = {
    "slow.bin": Buffer.alloc(SIZE, "s"),
    "fast.bin": Buffer.alloc(SIZE, "f"),
    "a.txt": "a",
    "b.txt": "b",
  };
  const site = new Site(files, { fileSystem: { ...DISK, open, read } });
  const other = new Site({ "c.bin": Buffer.alloc(SIZE, "c") });
  await site.get("/a.txt");

  const waiting = [site.visitor("/slow.bin")];
  while (held.length < 1) await nextTurn();
  expect((await site.get("/fast.bin")).body).toBe("f".repeat(SIZE));
  expect((await site.get("/b.txt")).body).toBe("b");

  for (let n = 0; n < 9; n++) waiting.push(site.visitor("/slow.bin"));
  while (held.length < 3) await nextTurn();
  expect((await site.get("/a.txt")).body).toBe("a");
  expect((await other.get("/c.bin")).body).toBe("c".repeat(SIZE));
  expect(held.length).toBe(3);

  const isServed = (): boolean => site.finished.filter((end) => end === `200 complete ${SIZE}`).length === 11;
  while (!isServed()) {
    for (const begin of held.splice(0)) begin();
    for (const { connection } of waiting) if (connection.unsent > 0) connection.drain();
    await nextTurn();
  }
  for (const { connection } of waiting) expect(received(connection.take()).body).toBe("s".repeat(SIZE));
});
