import { execFileSync } from "node:child_process";
import { linkSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi, type MockInstance } from "vitest";
import { DISK } from "../files/disk/file-system.js";
import { FileCache, SecretFiles } from "../files/index.js";
import { Site } from "./file-visits.suite.js";

/** Asks for files until a thread looks them up. @returns how often others open a file */
async function startThread(site: Site): Promise<MockInstance> {
  const opens = vi.spyOn(DISK, "open");
  onTestFinished(() => opens.mockRestore());
  const file = (n: number): string => {
    site.write(`many/${n}`, String(n));
    return `/many/${n}`;
  };
  const paths = Array.from({ length: 400 }, (_, n) => file(n));
  await Promise.all(paths.map((path) => site.stalled(path)));
  for (let n = paths.length; ; n++) {
    const before = opens.mock.calls.length;
    expect((await site.get(file(n))).body).toBe(String(n));
    if (opens.mock.calls.length === before) return opens;
  }
}

test("a thread that looks up many files keeps all rules", async () => {
  // On a busy machine, the thread would seem to be stuck.
  vi.useFakeTimers({ toFake: ["setTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  const outside = mkdtempSync(join(tmpdir(), "postern-outside-"));
  onTestFinished(() => rmSync(outside, { recursive: true, force: true }));
  writeFileSync(join(outside, "secret.txt"), "secret");
  const secrets = new SecretFiles({ paths: [], now: () => site.visit.clock.now() });
  const site: Site = new Site(
    { "key.pem": "secret", "docs/index.html": "docs", "large.bin": Buffer.alloc(100_000, "a"), empty: "" },
    { secrets },
  );
  secrets.replace([join(site.directory, "key.pem")]);
  linkSync(join(site.directory, "key.pem"), join(site.directory, "twin.txt"));
  symlinkSync(join(outside, "secret.txt"), join(site.directory, "file"));
  symlinkSync(outside, join(site.directory, "folder"));
  symlinkSync("docs/index.html", join(site.directory, "inside"));
  execFileSync("mkfifo", [join(site.directory, "pipe")]);
  const opens = await startThread(site);
  const before = opens.mock.calls.length;
  for (const path of ["/key.pem", "/twin.txt", "/file", "/folder/secret.txt", "/pipe", "/none", "/docs/none"])
    expect((await site.get(path)).status, path).toBe(404);
  expect((await site.get("/docs")).status).toBe(301);
  for (const path of ["/docs/", "/inside"]) expect((await site.get(path)).body, path).toBe("docs");
  expect((await site.get("/large.bin")).body).toBe("a".repeat(100_000));
  expect(await site.get("/empty")).toMatchObject({ status: 200, body: "" });
  // Replaced, changed, and behind a link out of the folder.
  writeFileSync(join(site.directory, "new"), "new");
  renameSync(join(site.directory, "new"), join(site.directory, "many/1"));
  site.write("many/2", "changed");
  rmSync(join(site.directory, "docs"), { recursive: true });
  symlinkSync(outside, join(site.directory, "docs"));
  writeFileSync(join(outside, "index.html"), "secret");
  site.visit.clock.pass(10_000);
  expect((await site.get("/many/1")).body).toBe("new");
  expect((await site.get("/many/2")).body).toBe("changed");
  expect((await site.get("/docs/")).status).toBe(404);
  expect(opens.mock.calls.slice(before)).toEqual([]);
});

test("a file that is looked up once is not kept, and one that is looked up again is", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  const secrets = new SecretFiles({ paths: [], now: () => site.visit.clock.now() });
  const cache = new FileCache();
  const page = Buffer.from("<p>page</p>");
  const site: Site = new Site(
    { once: "once", again: "again", "a.html": page, "a.html.br": "twin" },
    { cache, secrets },
  );
  const opens = await startThread(site);
  // No file is young any more, and the next request finds out again where the folder is.
  site.settle();
  await site.get("/many/0");
  const now = (): number => site.visit.clock.now();
  const bytes = (): number => cache.bytes;
  const before = { opens: opens.mock.calls.length, bytes: bytes(), slabs: cache.slabs.bytes };
  expect(await site.get("/once")).toMatchObject({ status: 200, body: "once" });
  expect(site.root.find("/once", now())).toBeUndefined();
  expect({ opens: opens.mock.calls.length, bytes: bytes(), slabs: cache.slabs.bytes }).toEqual(before);
  // The same head as that of a file that is kept.
  const [first, second] = [await site.get("/again"), await site.get("/again")];
  // A second may end between the two.
  const date = expect.any(String) as string;
  expect(second).toEqual({ ...first, fields: { ...first.fields, date } });
  expect(site.root.find("/again", now())).toMatchObject({ content: { bytes: Buffer.from("again") } });
  expect(bytes()).toBeGreaterThan(before.bytes);
  // Visitors that wait for one look-up all get the file, and so does one whose twins are looked for meanwhile.
  site.write("shared", "shared");
  const visits = [site.visitor("/shared"), site.visitor("/shared"), site.visitor("/shared", "Range: bytes=0-2\r\n")];
  while (visits.some(({ connection }) => connection.unsent === 0))
    await new Promise((resolve) => setImmediate(resolve));
  expect(site.root.find("/shared", now())).toBeUndefined();
  expect((await site.get("/a.html", "Accept-Encoding: br\r\n")).body).toBe("twin");
  expect((await site.get("/a.html", "Accept-Encoding: zstd\r\n")).body).toBe("<p>page</p>");
  expect(await site.get("/a.html", "", "HEAD")).toMatchObject({ status: 200, body: "" });
  expect(opens.mock.calls.length).toBe(before.opens);
});

test("a file that the thread has read in a folder that was not searched is sent as any other, unless it is secret", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  const named = (): string[] => [join(site.directory, "other/key.pem")];
  const secrets = new SecretFiles({
    paths: [],
    namedFiles: () => Promise.resolve(named()),
    now: () => site.visit.clock.now(),
  });
  const cache = new FileCache();
  const site: Site = new Site(
    { "docs/once": "once", "other/postern.toml": "", "other/key.pem": "secret" },
    { cache, secrets },
  );
  const opens = await startThread(site);
  site.settle();
  await site.get("/many/0");
  const before = { opens: opens.mock.calls.length, bytes: cache.bytes, slabs: cache.slabs.bytes };
  expect((await site.get("/docs/once")).body).toBe("once");
  expect(site.root.find("/docs/once", site.visit.clock.now())).toBeUndefined();
  expect({ opens: opens.mock.calls.length, bytes: cache.bytes, slabs: cache.slabs.bytes }).toEqual(before);
  for (const path of ["/other/key.pem", "/other/postern.toml"]) expect((await site.get(path)).status, path).toBe(404);
  expect({ bytes: cache.bytes, slabs: cache.slabs.bytes }).toEqual({ bytes: before.bytes, slabs: before.slabs });
});

test("a file that is kept is checked by the thread once a second", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  const secrets = new SecretFiles({ paths: [], now: () => site.visit.clock.now() });
  const site: Site = new Site({ a: "a" }, { secrets });
  await startThread(site);
  await site.get("/a");
  site.settle();
  await site.get("/a");
  const kept = (): unknown => site.root.find("/a", site.visit.clock.now());
  const file = kept();
  expect(file).toBeDefined();
  site.visit.clock.pass(2_000);
  expect(kept()).toBeUndefined();
  await site.get("/a");
  expect(kept()).toBe(file);
  site.write("a", "b");
  site.visit.clock.pass(2_000);
  expect((await site.get("/a")).body).toBe("b");
  secrets.replace([join(site.directory, "a")]);
  expect((await site.get("/a")).status).toBe(404);
});
