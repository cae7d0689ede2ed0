import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { execFileSync } from "node:child_process";
import { expect, onTestFinished, test } from "vitest";
import { RequestHead } from "../http/index.js";
import { explainedFile } from "./explained-file.js";
import type { FilesOptions } from "./files-options.js";

/** A folder with these files, and what is explained about requests for its paths. */
function folderWith(...files: string[]): {
  directory: string;
  explain: (path: string, options?: Partial<FilesOptions>, line?: string) => Promise<unknown[]>;
} {
  const top = mkdtempSync(join(tmpdir(), "postern-explained-"));
  onTestFinished(() => rmSync(top, { recursive: true, force: true }));
  const directory = join(top, "site");
  for (const file of files) {
    mkdirSync(dirname(join(directory, file)), { recursive: true });
    writeFileSync(join(directory, file), file);
  }
  const explain = async (path: string, options: Partial<FilesOptions> = {}, line = "GET"): Promise<unknown[]> => {
    const head = new RequestHead();
    const bytes = Buffer.from(`${line} ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
    head.read(bytes, 0, bytes.length);
    const found = await explainedFile({ directory, ...options }, path, head, { paths: [join(directory, "my.key")] });
    return [found.status, found.answer, found.file, found.reason].filter((value) => value !== undefined);
  };
  return { directory, explain };
}

test("a file, an index file, a folder without its slash, and a list", async () => {
  const { explain } = folderWith("index.html", "ä b.txt", "docs/index.html", "files/a.zip");
  expect(await explain("/%C3%A4%20b.txt?x")).toEqual([200, "file", "/ä b.txt"]);
  expect(await explain("/")).toEqual([200, "index", "/index.html"]);
  expect(await explain("/docs/")).toEqual([200, "index", "/docs/index.html"]);
  expect(await explain("/docs")).toEqual([301, "slash"]);
  expect(await explain("/files/")).toEqual([404, "page", "no_index"]);
  expect(await explain("/files/", { browse: true })).toEqual([200, "listing"]);
});

test("pages for paths without a file", async () => {
  const { explain } = folderWith("index.html", "404.html");
  expect(await explain("/users/7")).toEqual([404, "page", "absent"]);
  const pages = { fallback: "index.html", notFoundPage: "404.html" };
  expect(await explain("/users/7", pages)).toEqual([200, "fallback", "/index.html", "absent"]);
  const others = { ...pages, fallback: "missing.html" };
  expect(await explain("/users/7", others)).toEqual([404, "not_found_page", "/404.html", "absent"]);
  expect(await explain("/app.js", pages)).toEqual([404, "not_found_page", "/404.html", "absent"]);
  expect(await explain("/app.js", { notFoundPage: "gone.html" })).toEqual([404, "page", "absent"]);
});

test("why a file is not served", async () => {
  const { directory, explain } = folderWith("index.html", ".env", "my.key", "my.key.gz");
  writeFileSync(join(directory, "../outside.txt"), "outside");
  symlinkSync("../outside.txt", join(directory, "link.txt"));
  execFileSync("mkfifo", [join(directory, "pipe")]);
  expect(await explain("/.env")).toEqual([404, "page", "hidden"]);
  expect(await explain("/.env", { dotfiles: true })).toEqual([200, "file", "/.env"]);
  expect(await explain("/my.key")).toEqual([404, "page", "secret"]);
  expect(await explain("/my.key.gz")).toEqual([404, "page", "secret"]);
  expect(await explain("/link.txt")).toEqual([404, "page", "outside"]);
  expect(await explain("/link.txt", { followLinks: true })).toEqual([200, "file", "/link.txt"]);
  expect(await explain("/pipe")).toEqual([404, "page", "special"]);
  expect(await explain("/a%2fb")).toEqual([404, "page", "unsafe"]);
});

test("methods", async () => {
  const { explain } = folderWith("a.txt");
  expect(await explain("/a.txt", {}, "HEAD")).toEqual([200, "file", "/a.txt"]);
  expect(await explain("/a.txt", {}, "POST")).toEqual([405, "methods"]);
  expect(await explain("/a.txt", {}, "OPTIONS")).toEqual([204, "methods"]);
});
