import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync, type BigIntStats } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { DISK, type FileSystem, type FolderEntry } from "../files/disk/file-system.js";
import { FolderListing, LISTING_LIMITS } from "../files/listing/folder-listing.js";
import { KeptListings } from "../files/listing/kept-listings.js";
import { PAGES } from "../files/listing/pages-in-use.js";
import { Site } from "./file-visits.suite.js";

const OPTIONS = { browse: true };

/** The links of a listing, in their order. */
function links(page: string): string[] {
  return [...page.matchAll(/<td><a href="([^"]*)">/g)].map(([, reference = ""]) => reference);
}

test("a folder without an index file is listed, folders first, only if that is wanted", async () => {
  const files = { "b.txt": "bb", "A.txt": "a", "docs/x.txt": "x", "site/index.html": "home" };
  const site = new Site(files, OPTIONS);
  const { status, fields, body } = await site.get("/");
  expect(status).toBe(200);
  expect(fields["content-security-policy"]).toMatch(/^default-src 'none'; style-src 'sha256-/);
  expect(links(body)).toEqual(["docs/", "site/", "A.txt", "b.txt"]);
  expect(links((await site.get("/docs/")).body)).toEqual(["../", "x.txt"]);
  expect((await site.get("/site/")).body).toBe("home");
  expect((await new Site(files).get("/")).status).toBe(404);
});

test("a listing is sorted as its links say", async () => {
  const site = new Site({ "a.txt": "333", "b.txt": "1", "c.txt": "22" }, OPTIONS);
  site.date("a.txt", new Date(2_000_000));
  site.date("b.txt", new Date(3_000_000));
  site.date("c.txt", new Date(1_000_000));
  const { body } = await site.get("/");
  expect(body).toContain('<a href="?sort=size">');
  expect(body).toContain('<a href="?order=desc">');
  expect(links((await site.get("/?sort=size")).body)).toEqual(["b.txt", "c.txt", "a.txt"]);
  expect(links((await site.get("/?sort=modified&order=desc")).body)).toEqual(["b.txt", "a.txt", "c.txt"]);
  expect(links((await site.get("/?order=desc&sort=<x>&page=-1")).body)).toEqual(["c.txt", "b.txt", "a.txt"]);
});

test("names with every byte are escaped, and each link leads to its file", async () => {
  const site = new Site({ "x/y": "" }, OPTIONS);
  const bytes = Array.from({ length: 255 }, (_, n) => n + 1).filter((byte) => byte !== 0x2f);
  for (const byte of bytes)
    writeFileSync(Buffer.concat([Buffer.from(`${site.directory}/x/n`), Buffer.from([byte])]), String(byte));
  const { body } = await site.get("/x/");
  const references = links(body).filter((reference) => reference.startsWith("n"));
  expect(references).toHaveLength(bytes.length);
  const contents: number[] = [];
  for (const reference of references) contents.push(Number((await site.get(`/x/${reference}`)).body));
  expect(contents.toSorted((one, other) => one - other)).toEqual(bytes);
  for (const text of ["&lt;", "&gt;", "&quot;", "&#39;", "&amp;"]) expect(body).toContain(`>n${text}</a>`);
  expect(body).not.toMatch(/n\p{Cc}<\/a>/u);
});

test("a name that looks like HTML or like another site is only text", async () => {
  const site = new Site({ "<img src=x onerror=alert(1)>": "", "javascript:alert(1)": "", '"><script>': "" }, OPTIONS);
  const { body } = await site.get("/");
  expect(body).not.toMatch(/<img|<script|href="javascript:/);
  expect(links(body)).toContain("javascript%3Aalert%281%29");
});

test("a listing shows what visitors can get, and nothing else", async () => {
  const site = new Site({ "a.txt": "", ".env": "", ".git/config": "", ".well-known/x": "" }, OPTIONS);
  symlinkSync("a.txt", join(site.directory, "inside"));
  symlinkSync("/etc/passwd", join(site.directory, "outside"));
  symlinkSync("nowhere", join(site.directory, "broken"));
  execFileSync("mkfifo", [join(site.directory, "pipe")]);
  expect(links((await site.get("/")).body)).toEqual([".well-known/", "a.txt", "inside"]);
});

test("a folder that is a link out of the root, or that is hidden, is not listed", async () => {
  const site = new Site({ "a.txt": "", ".git/config": "" }, OPTIONS);
  symlinkSync("/etc", join(site.directory, "etc"));
  expect((await site.get("/etc/")).status).toBe(404);
  expect((await site.get("/etc")).status).toBe(404);
  expect((await site.get("/.git/")).status).toBe(404);
});

test("a folder of 100,000 entries is listed in pages, and other work goes on meanwhile", async () => {
  const fileSystem: FileSystem = {
    ...DISK,
    async readFolder(_, visit) {
      for (let n = 0; n < 100_000; n++) {
        const name = `f${String((n * 7_919) % 100_000).padStart(5, "0")}`;
        visit({ name, key: name, kind: "file" } satisfies FolderEntry);
        if (n % 256 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
    },
  };
  const site = new Site({ "big/f00000": "" }, { ...OPTIONS, fileSystem });
  for (const name of ["f00999", "f01000", "f99999"]) site.write(`big/${name}`, name);
  mkdirSync(join(site.directory, "other"));
  let turns = 0;
  const count = (): void => {
    turns++;
    if (!isOver) setImmediate(count);
  };
  let isOver = false;
  setImmediate(count);
  expect(links((await site.get("/big/")).body)).toEqual(["../", "f00000", "f00999"]);
  expect(links((await site.get("/big/?page=100")).body)).toEqual(["../", "f99999"]);
  const { body } = await site.get("/big/?page=2&sort=size");
  isOver = true;
  expect(links(body)).toEqual(["../", "f01000"]);
  expect(body).toContain("Page 2 of 100");
  // Reading alone needs 400 turns. Sorting 100,000 names in one turn would leave it at that.
  expect(turns).toBeGreaterThan(800);
});

test("a folder with more entries than the limit is listed up to it, and the page says so", async () => {
  let count = LISTING_LIMITS.entries - 1;
  const readFolder: FileSystem["readFolder"] = (_, visit) => {
    for (let n = 0; n < count; n++) visit({ name: String(n), key: String(n), kind: "special" });
    visit({ name: "x", key: "x", kind: "file" });
    visit({ name: "y", key: "y", kind: "file" });
    return Promise.resolve();
  };
  const site = new Site({ "a/x": "", "a/y": "", "b/x": "" }, { ...OPTIONS, fileSystem: { ...DISK, readFolder } });
  const { body } = await site.get("/a/");
  expect(links(body)).toEqual(["../", "x"]);
  expect(body).toContain("more entries");
  count -= 1;
  expect((await site.get("/b/")).body).not.toContain("more entries");
});

test("a folder that cannot be read is missing for visitors, and the owner is told", async () => {
  const faults: string[] = [];
  const readFolder: FileSystem["readFolder"] = () => Promise.reject(Object.assign(new Error("no"), { code: "EACCES" }));
  const site = new Site(
    { "a/x": "" },
    { ...OPTIONS, fileSystem: { ...DISK, readFolder }, onFault: ({ code }) => faults.push(code) },
  );
  expect((await site.get("/a/")).status).toBe(404);
  expect((await site.get("/a")).status).toBe(301);
  expect(faults).toEqual(["EACCES"]);
});

test.for([10n ** 18n, -(10n ** 18n)])("a file that was modified at %s ms is listed and served", async (mtimeMs) => {
  const dated = async (stats: Promise<BigIntStats>): Promise<BigIntStats> => Object.assign(await stats, { mtimeMs });
  const fileSystem: FileSystem = {
    ...DISK,
    stat: (path) => dated(DISK.stat(path)),
    fstat: (fd) => dated(DISK.fstat(fd)),
  };
  const site = new Site({ "a.txt": "a" }, { ...OPTIONS, fileSystem });
  expect(await site.get("/")).toMatchObject({ status: 200, body: expect.stringMatching(/datetime="\d{4}-\d\d-/) });
  const { body, fields } = await site.get("/a.txt");
  expect(body).toBe("a");
  expect(fields["last-modified"]).toMatch(/^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} /);
});

test("a page that cannot be made is refused, and made anew for the next request", async () => {
  const site = new Site({ "a.txt": "a" }, OPTIONS);
  const listing = (await site.root.load("/")) as FolderListing;
  vi.spyOn(listing, "page").mockRejectedValueOnce(new Error("no page"));
  expect((await site.get("/")).status).toBe(503);
  expect((await site.get("/")).status).toBe(200);
});

test("a listing is kept for a second and no longer, and only as long as there is memory for listings", async () => {
  let read = 0;
  let count = 1;
  const readFolder: FileSystem["readFolder"] = (_, visit) => {
    read++;
    for (let n = 0; n < count; n++) visit({ name: String(n), key: String(n), kind: "link" });
    return Promise.resolve();
  };
  vi.useFakeTimers({ toFake: ["setTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  const listings = new KeptListings(LISTING_LIMITS.kept);
  const names = Array.from({ length: 20 }, (_, n) => `${n}/x`);
  const site = new Site(Object.fromEntries(names.map((name) => [name, ""])), {
    ...OPTIONS,
    fileSystem: { ...DISK, readFolder },
    listings,
  });
  await site.get("/0/");
  await site.get("/0/?sort=size");
  expect(read).toBe(1);
  expect(listings.bytes).toBeGreaterThan(0);
  vi.advanceTimersByTime(1_000);
  expect(listings.bytes).toBe(0);
  await site.get("/0/");
  expect(read).toBe(2);
  vi.advanceTimersByTime(1_000);
  count = 50_000;
  for (let n = 0; n < 20; n++) await site.root.load(`/${n}/`);
  expect(listings.bytes).toBeGreaterThan(LISTING_LIMITS.kept / 2);
  expect(listings.bytes).toBeLessThanOrEqual(LISTING_LIMITS.kept);
  read = 0;
  for (let n = 0; n < 20; n++)
    if (site.root.find(`/${n}/`, site.visit.clock.now()) === undefined) await site.root.load(`/${n}/`);
  expect(read).toBeGreaterThan(10);
  vi.advanceTimersByTime(1_000);
  expect(listings.bytes).toBe(0);
});

test("a page is in use until its visitor has read it, or is gone", async () => {
  const site = new Site(Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`${n}.txt`, ""])), OPTIONS);
  const { bytes } = PAGES;
  await site.get("/");
  await site.get("/", "", "HEAD");
  expect(PAGES.bytes).toBe(bytes);
  const visits = [await site.stalled("/"), await site.stalled("/")];
  expect(PAGES.bytes).toBeGreaterThan(bytes + 1_000);
  for (const { connection } of visits) {
    connection.destroy();
    connection.pump();
  }
  expect(PAGES.bytes).toBe(bytes);
});

test("a page is made once, whatever else the query says, and all pages share the order of the names", async () => {
  const names = Array.from({ length: 2_500 }, (_, n) => `f${String(n).padStart(4, "0")}`);
  let compared = 0;
  const entries = names.map((name): FolderEntry => {
    return {
      name,
      kind: "file",
      get key() {
        compared++;
        return name;
      },
    };
  });
  let described = 0;
  const stats = await DISK.stat("/dev/null");
  const listing = new FolderListing(entries, {
    hasParent: false,
    isCut: false,
    describe: async () => (described++, stats),
  });
  const text = async (target: string): Promise<string> =>
    Buffer.concat(Object.values(await listing.page(target))).toString();
  const first = await text("/a/?x=1");
  expect(first).toContain("Index of /a/<");
  const once = compared;
  expect(await text("/a/?y=2&sort=size&order=asc&page=1")).toBe(first);
  expect(await text("/b/")).toBe(first.replaceAll("/a/", "/b/"));
  expect(described).toBe(1_000);
  for (const page of [2, 3, 4, 99]) expect(await text(`/a/?page=${page}`)).toContain("Page ");
  expect(described).toBe(2_500);
  expect(compared).toBe(once);
});
