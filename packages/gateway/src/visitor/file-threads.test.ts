import { execFileSync } from "node:child_process";
import { linkSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi, type MockInstance } from "vitest";
import { DISK } from "../files/disk/file-system.js";
import { SecretFiles } from "../files/index.js";
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
