import { expect, test } from "vitest";
import { DISK, type FileSystem } from "../files/disk/file-system.js";
import { BLOCKS } from "../files/file-blocks.js";
import { FileCache } from "../files/index.js";
import { received, Site } from "./file-visits.suite.js";
import type { Visit } from "./visits.suite.js";

const KB = 1024;
const MB = 1024 * KB;

test("visitors that read nothing of many files do not keep others from any file", async () => {
  const names = Array.from({ length: 10 }, (_, n) => `${n}.bin`);
  const files = Object.fromEntries(names.map((name) => [name, Buffer.alloc(200 * KB, name)]));
  const cache = new FileCache(500 * KB);
  const site = new Site({ ...files, "a.txt": "a", "b.txt": "b" }, { cache });
  for (const name of names) expect((await site.stalled(`/${name}`)).connection.state).toBe("open");
  expect(site.finished).toEqual([]);
  expect(cache.bytes).toBeLessThanOrEqual(500 * KB);
  for (let round = 0; round < 3; round++)
    for (const name of ["a", "b"]) expect(await site.get(`/${name}.txt`)).toMatchObject({ status: 200, body: name });
});

test("visitors that read nothing of many files that left the cache hold a bounded memory", async () => {
  const names = Array.from({ length: 200 }, (_, n) => `${n}.bin`);
  const sizes = [200, 20].map((size) =>
    names.map((name) => [`${size}/${name}`, Buffer.alloc(size * KB, name)] as const),
  );
  const cache = new FileCache(MB, 4 * MB);
  const site = new Site({ ...Object.fromEntries(sizes.flat()), "a.txt": "a" }, { cache });
  const before = BLOCKS.bytes;
  const visits: Visit[] = [];
  for (const [path] of sizes.flat()) visits.push(await site.stalled(`/${path}`));
  // The cache, what left it, one file more, and what the small files need.
  expect(cache.slabs.bytes + BLOCKS.bytes - before).toBeLessThan((1 + 4 + 0.25 + 32 + 200 * (20 / 1024)) * MB);
  expect(cache.slabs.bytes).toBeLessThan(10 * MB);
  expect((await site.get("/a.txt")).body).toBe("a");
  for (const { connection } of visits) {
    connection.destroy();
    connection.pump();
  }
  site.settle();
  expect((await site.get("/200/199.bin")).body).toHaveLength(200 * KB);
  const found = site.root.find("/200/199.bin", site.visit.clock.now());
  expect(found).toMatchObject({ content: { bytes: { length: 200 * KB } } });
  expect(BLOCKS.bytes).toBe(before);
});

test("1,000 visitors that read nothing of a large file keep 48 MB, and others get it nevertheless", async () => {
  const site = new Site({ "big.bin": Buffer.alloc(3_000 * KB, "a") });
  const visits = await Promise.all(Array.from({ length: 1_000 }, () => site.stalled("/big.bin")));
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  expect(BLOCKS.bytes).toBeGreaterThan(32 * MB);
  expect(BLOCKS.bytes).toBeLessThan(48 * MB);
  expect(visits.reduce((sum, { connection }) => sum + connection.unsent, 0)).toBeLessThan(48 * MB);
  expect((await site.get("/big.bin")).body).toHaveLength(3_000 * KB);
  for (const { connection } of visits) {
    connection.destroy();
    connection.pump();
  }
  expect(BLOCKS.bytes).toBe(0);
});

test("a file that is larger than the cache is served", async () => {
  const site = new Site({ "a.bin": Buffer.alloc(200 * KB, "a") }, { cache: new FileCache(100 * KB) });
  expect((await site.get("/a.bin")).body).toHaveLength(200 * KB);
});

test("a twin that is used stays in the cache as long as its file", async () => {
  let opened: string[] = [];
  const open: FileSystem["open"] = (path, flags) => {
    opened.push(path.toString().split("/").at(-1)!);
    return DISK.open(path, flags);
  };
  const names = Array.from({ length: 10 }, (_, n) => `${n}.js`);
  const files = Object.fromEntries(names.map((name) => [name, "x".repeat(100 * KB)]));
  const cache = new FileCache(500 * KB);
  const site = new Site({ ...files, "a.js": "a", "a.js.br": "b" }, { cache, fileSystem: { ...DISK, open } });
  site.settle();
  const lines = "Accept-Encoding: br\r\n";
  await site.get("/a.js", lines);
  opened = [];
  for (const name of names) {
    await site.get(`/${name}`);
    expect((await site.get("/a.js", lines)).body).toBe("b");
  }
  expect(opened).toEqual(names);
});

test("a file that leaves the cache while its twins are looked for is looked up again", async () => {
  const waiting = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  const stat: FileSystem["stat"] = async (path) => {
    if (path.toString().endsWith("/a.js.br")) {
      waiting.resolve();
      await held.promise;
    }
    return DISK.stat(path);
  };
  const files = { "a.js": "a".repeat(100 * KB), "b.js": "b".repeat(100 * KB) };
  const site = new Site(files, { cache: new FileCache(150 * KB), fileSystem: { ...DISK, stat } });
  const first = site.stalled("/a.js", "Accept-Encoding: br\r\n");
  await waiting.promise;
  expect((await site.get("/b.js")).status).toBe(200);
  held.resolve();
  expect(received((await first).connection.take())).toMatchObject({ status: 200, body: files["a.js"] });
});

test("a file and its twin are read once for all visitors that ask at the same time", async () => {
  let opened = 0;
  const open: FileSystem["open"] = (path, flags) => {
    opened++;
    return DISK.open(path, flags);
  };
  const files = { "index.html": "app", "index.html.br": "brotli" };
  // The files are old enough to be kept.
  const site = new Site(files, { fileSystem: { ...DISK, open }, wallClock: () => Date.now() + 10_000 });
  const visits = async (): Promise<number[]> => {
    const targets = ["/", "/index.html", "/", "/index.html", "/index.html.br", "/"];
    const all = await Promise.all(targets.map((target) => site.stalled(target, "Accept-Encoding: br\r\n")));
    return all.map(({ connection }) => received(connection.take()).status);
  };
  expect(await visits()).toEqual([200, 200, 200, 200, 200, 200]);
  expect(opened).toBe(2);
});

test("visitors that left cost the disk no read, and hold no memory", async () => {
  const held: (() => void)[] = [];
  const rooms = new Set<Buffer>();
  const read: FileSystem["read"] = (fd, room, length, position, done) => {
    rooms.add(room);
    held.push(() => DISK.read(fd, room, length, position, done));
  };
  const site = new Site({ "big.bin": Buffer.alloc(1_200 * KB, "a") }, { fileSystem: { ...DISK, read } });
  const left = Array.from({ length: 20 }, () => site.visitor("/big.bin"));
  for (let turn = 0; held.length < 3 || turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  for (const { connection } of left) {
    connection.destroy();
    connection.pump();
  }
  const live = site.get("/big.bin");
  let reads = 0;
  let isOver = false;
  void live.then(() => (isOver = true));
  while (!isOver) {
    for (const begin of held.splice(0)) {
      reads++;
      begin();
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect((await live).body).toHaveLength(1_200 * KB);
  expect(reads).toBe(3 + Math.ceil(1_200 / 256));
  expect(rooms.size).toBeLessThanOrEqual(3 + 2);
});
