import { expect, test } from "vitest";
import { hashOf } from "../../hash.js";
import { FileCache } from "./file-cache.js";
import { FileContent, type ContentOwner } from "./file-content.js";
import type { PacedDisk } from "./paced-disk.js";

const KB = 1024;
const MB = 1024 * KB;
const NO_DISK = {} as PacedDisk;
/** What an entry needs beside its bytes and its path. */
const OVERHEAD = 4 * KB;

/** The paths of contents that left the cache. */
class Owner implements ContentOwner {
  readonly forgotten: string[] = [];

  forget({ path }: FileContent): void {
    this.forgotten.push(path);
  }
}

function contentOf(cache: FileCache, owner: ContentOwner, path: string, size: number): FileContent {
  const [zero, bytes] = [0n, BigInt(size)];
  const stats = {
    dev: 1n,
    ino: 1n,
    size: bytes,
    nlink: 1n,
    mtimeNs: zero,
    ctimeNs: zero,
    mtimeMs: zero,
    ctimeMs: zero,
  };
  const { slabs } = cache;
  return new FileContent(owner, path, { fd: -1, stats, realPath: path }, { piece: slabs.take(size), slabs }, NO_DISK);
}

test("many tiny files take no more memory than allowed: each counts with what it needs beside its bytes", () => {
  const cache = new FileCache(4 * MB);
  const owner = new Owner();
  for (let n = 0; n < 2_000; n++) {
    cache.add(contentOf(cache, owner, `/${n}`, 10));
    expect(cache.bytes).toBeLessThanOrEqual(4 * MB);
  }
  const kept = 2_000 - owner.forgotten.length;
  expect(kept).toBeLessThan((4 * MB) / OVERHEAD);
  expect(kept).toBeGreaterThan((4 * MB - 2 * 256 * KB) / (OVERHEAD + 100));
  expect(owner.forgotten).toEqual(Array.from({ length: owner.forgotten.length }, (_, n) => `/${n}`));
});

test("long paths count too", () => {
  const cache = new FileCache(4 * MB);
  const owner = new Owner();
  const long = "/directory".repeat(400);
  for (let n = 0; n < 1_000; n++) cache.add(contentOf(cache, owner, `${long}/${n}`, 10));
  expect(1_000 - owner.forgotten.length).toBeLessThan((4 * MB) / (OVERHEAD + 3 * long.length));
});

test("files that are used all the time do not keep the memory of those that left", () => {
  const cache = new FileCache(4 * MB);
  const owner = new Owner();
  const used: FileContent[] = [];
  for (let n = 0; n < 5_000; n++) {
    const content = contentOf(cache, owner, `/${n}`, 4 * KB);
    cache.add(content);
    // One in each slab.
    if (n % 64 === 0 && n < 640) used.push(content);
    for (const each of used) cache.touch(each);
  }
  expect(used.every(({ isDropped }) => !isDropped)).toBe(true);
  // All but one slab are full, although each of ten has a file that never leaves.
  expect(5_000 - owner.forgotten.length).toBeGreaterThan((4 * MB) / (8.1 * KB) - 64);
});

test("a file is worth a free place when it is looked up again, and that of another file the third time", () => {
  const cache = new FileCache(4 * MB);
  const admits = (hash: number): boolean[] => [1, 2, 3].map(() => cache.admits(hash));
  expect(admits(0x1_0000)).toEqual([false, true, true]);
  const owner = new Owner();
  for (let n = 0; owner.forgotten.length === 0; n++) cache.add(contentOf(cache, owner, `/${n}`, 10));
  expect(admits(0x2_0000)).toEqual([false, false, true]);
});

test("a full cache loses few files while a much larger number of files is looked up at random", () => {
  const cache = new FileCache(4 * MB);
  const owner = new Owner();
  let random = 1;
  for (let n = 0; n < 300_000; n++) {
    random = (random * 48_271) % 2_147_483_647;
    const path = `/${random % 100_000}`;
    if (cache.admits(hashOf(path, 1))) cache.add(contentOf(cache, owner, path, 10));
  }
  expect(cache.bytes).toBeGreaterThan(3.5 * MB);
  // Without a rule for a full cache, one of 13 look-ups would replace a file: 23,000.
  expect(owner.forgotten.length).toBeLessThan(6_000);
});
