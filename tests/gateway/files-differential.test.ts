import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import sirv from "sirv";
import { expect, onTestFinished, test } from "vitest";
import { exchange, needs, postern, scratchFolder, startFileServer, until, type Exchange } from "@postern/testkit";

/** A whole second, which Last-Modified can express. */
const MODIFIED = new Date(1_700_000_000_000);
const LATER = new Date(1_700_000_001_000).toUTCString();
const EARLIER = new Date(1_699_999_999_000).toUTCString();
const TEXT = "0123456789".repeat(20);

const FILES: Readonly<Record<string, string | Buffer>> = {
  "index.html": "<h1>home</h1>",
  "a.txt": TEXT,
  "app.js": "run();".repeat(50),
  "app.js.gz": gzipSync("run();".repeat(50)),
  "empty.txt": "",
  "name with space é.txt": "named",
  "docs/index.html": "<h1>docs</h1>",
  "only/a.css": "a{}",
};

function site(): string {
  const folder = scratchFolder(onTestFinished);
  for (const [path, content] of Object.entries(FILES)) {
    mkdirSync(join(folder, path, ".."), { recursive: true });
    writeFileSync(join(folder, path), content);
    utimesSync(join(folder, path), MODIFIED, MODIFIED);
  }
  return folder;
}

async function serve(folder: string): Promise<number> {
  const program = postern(onTestFinished, ["serve", folder, "--listen", "127.0.0.1:0"], { env: { HOME: folder } });
  const port = Number(await program.waitFor("the port", () => /http:\/\/127\.0\.0\.1:(\d+)/.exec(program.output)?.[1]));
  // Files that were just written have a weak tag.
  await until("a strong tag", async () => {
    const { headers } = await exchange(port, { host: "a.example", path: "/a.txt", method: "HEAD" });
    return String(headers.etag).startsWith('"');
  });
  return port;
}

interface Case {
  readonly path: string;
  readonly method?: string;
  /** `{etag}` and `{modified}` are those of the file on the server that is asked. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** What visitors depend on in a response. The form of error pages and of tags is each server's own. */
function essence({ status, headers, body }: Exchange, method: string): object {
  const isFile = status === 200 || status === 206;
  const type = String(headers["content-type"]).replace(/;.*/, "");
  return {
    status,
    ...(isFile && {
      type,
      ...(!type.startsWith("multipart/") && { length: headers["content-length"] }),
      range: headers["content-range"],
    }),
    ...(isFile && { body: type.startsWith("multipart/") ? partsOf(body) : body.toString("latin1") }),
    ...(isFile && { coding: headers["content-encoding"], modified: headers["last-modified"] }),
    ...(status === 416 && { range: headers["content-range"] }),
    ...(status === 301 && { location: String(headers.location).replace(/^http:\/\/[^/]+/, "") }),
    ...(method === "HEAD" && { body: body.length }),
  };
}

/** The parts of a multipart body without its boundary, and without charsets. */
function partsOf(body: Buffer): string {
  return body
    .toString("latin1")
    .replaceAll(/--[\w-]+?(?=\r\n|--\r\n)/g, "BOUNDARY")
    .replaceAll("; charset=utf-8", "");
}

async function ask(port: number, { path, method = "GET", headers = {} }: Case): Promise<Exchange> {
  const known = await exchange(port, { host: "a.example", path, method: "HEAD" });
  const fill = (value: string): string =>
    value.replace("{etag}", String(known.headers.etag)).replace("{modified}", String(known.headers["last-modified"]));
  const filled = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, fill(value)]));
  return exchange(port, { host: "a.example", path, method, headers: filled });
}

const CASES: readonly Case[] = [
  { path: "/" },
  { path: "/index.html" },
  { path: "/docs/" },
  { path: "/docs" },
  { path: "/docs?x=1" },
  { path: "/missing" },
  { path: "/a.txt/" },
  { path: "/a.txt", method: "HEAD" },
  { path: "/a.txt?query" },
  { path: "/empty.txt" },
  { path: "/only/a.css" },
  { path: "/name%20with%20space%20%C3%A9.txt" },
  { path: "/%61.txt" },
  { path: "/a.txt", headers: { "if-none-match": "{etag}" } },
  { path: "/a.txt", headers: { "if-none-match": "W/{etag}" } },
  { path: "/a.txt", headers: { "if-none-match": '"x", {etag}' } },
  { path: "/a.txt", headers: { "if-none-match": "*" } },
  { path: "/a.txt", headers: { "if-none-match": '"x"' } },
  { path: "/a.txt", method: "HEAD", headers: { "if-none-match": "{etag}" } },
  { path: "/a.txt", headers: { "if-modified-since": "{modified}" } },
  { path: "/a.txt", headers: { "if-modified-since": EARLIER } },
  { path: "/a.txt", headers: { "if-modified-since": "nonsense" } },
  { path: "/a.txt", headers: { "if-none-match": '"x"', "if-modified-since": "{modified}" } },
  { path: "/a.txt", headers: { "if-match": "{etag}" } },
  { path: "/a.txt", headers: { "if-match": '"x"' } },
  { path: "/a.txt", headers: { "if-match": "*" } },
  { path: "/a.txt", headers: { "if-unmodified-since": "{modified}" } },
  { path: "/a.txt", headers: { "if-unmodified-since": LATER } },
  { path: "/a.txt", headers: { "if-unmodified-since": EARLIER } },
  { path: "/a.txt", headers: { range: "bytes=0-0" } },
  { path: "/a.txt", headers: { range: "bytes=10-" } },
  { path: "/a.txt", headers: { range: "bytes=-5" } },
  { path: "/a.txt", headers: { range: "bytes=150-9999" } },
  { path: "/a.txt", headers: { range: "bytes=200-" } },
  { path: "/a.txt", headers: { range: "lines=1-2" } },
  { path: "/a.txt", headers: { range: "bytes=0-1,5-6,-2" } },
  { path: "/a.txt", headers: { range: "bytes=0-1,500-600" } },
  { path: "/empty.txt", headers: { range: "bytes=0-" } },
  { path: "/empty.txt", headers: { range: "bytes=-5" } },
  { path: "/a.txt", headers: { range: "bytes=0-1", "if-range": "{etag}" } },
  { path: "/a.txt", headers: { range: "bytes=0-1", "if-range": '"x"' } },
  { path: "/a.txt", headers: { range: "bytes=0-1", "if-range": "{modified}" } },
  { path: "/a.txt", headers: { range: "bytes=0-1", "if-range": EARLIER } },
  { path: "/a.txt", headers: { range: "bytes=0-1", "if-none-match": "{etag}" } },
  { path: "/app.js", headers: { "accept-encoding": "gzip" } },
  { path: "/app.js", headers: { "accept-encoding": "gzip, deflate" } },
  { path: "/app.js", headers: { "accept-encoding": "gzip;q=0" } },
  { path: "/app.js", headers: { "accept-encoding": "identity" } },
  { path: "/app.js", method: "HEAD", headers: { "accept-encoding": "gzip" } },
  { path: "/app.js", headers: { "accept-encoding": "gzip", range: "bytes=0-9" } },
  { path: "/a.txt", headers: { "accept-encoding": "gzip" } },
  { path: "/a.txt", method: "POST" },
  { path: "/%2e%2e/etc/passwd" },
  { path: "/a.txt%00" },
];

/** Requests that we answer in another way, and why. */
const DIFFERENCES: readonly Case[] = [
  // nginx has no ranges of compressed twins.
  { path: "/app.js", headers: { "accept-encoding": "gzip", range: "bytes=0-9" } },
  // nginx answers 400.
  { path: "/%2e%2e/etc/passwd" },
];

/** The requests of which two servers give different responses. */
async function differences(cases: readonly Case[], port: number, other: number): Promise<Case[]> {
  const found: Case[] = [];
  for (const each of cases) {
    const { method = "GET" } = each;
    const [one, two] = [await ask(port, each), await ask(other, each)];
    if (JSON.stringify(essence(one, method)) !== JSON.stringify(essence(two, method))) found.push(each);
  }
  return found;
}

test("files are served as nginx serves them, for a table of requests", async (context) => {
  needs(context, "nginx");
  const folder = site();
  const [ours, nginx] = await Promise.all([serve(folder), startFileServer(onTestFinished, folder)]);
  expect(await differences(CASES, ours, nginx.port)).toEqual(DIFFERENCES);
});

test("files are served as sirv serves them, as far as it knows the request", async () => {
  const folder = site();
  const ours = await serve(folder);
  const handler = sirv(folder, { etag: true, gzip: true });
  const server = createServer((request, response) => handler(request, response));
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const known = CASES.filter(({ path, method = "GET", headers = {} }) => {
    const fields = Object.keys(headers);
    const isKnown = fields.every((name) => name === "range" || name === "accept-encoding" || name === "if-none-match");
    // It has no redirects, no other methods, one range (and reads 0-0 and -5 as others), only the exact tag, and
    // reads no qualities of codings.
    const isSimple = !/^bytes=.*,|^lines|200-$|9999|=0-0|=0-$|=-5|\*|W\/|,.*\{|q=0/.test(
      Object.values(headers).join(" "),
    );
    return isKnown && isSimple && fields.length < 2 && method !== "POST" && !/^\/(docs|a\.txt\/|a\.txt%00)/.test(path);
  });
  expect(known.length).toBeGreaterThan(15);
  expect(await differences(known, ours, (server.address() as AddressInfo).port)).toEqual([]);
});
