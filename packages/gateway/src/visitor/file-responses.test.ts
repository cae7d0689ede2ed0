import { symlinkSync, writeFileSync, type BigIntStats } from "node:fs";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { DISK, type FileSystem } from "../files/disk/file-system.js";
import { Site } from "./file-visits.suite.js";

const OLD = new Date(1_700_000_000_000);
const BROTLI = "Accept-Encoding: br\r\n";
const HTML = "Accept: text/html\r\n";

describe("a file", () => {
  test("is sent with its type, its length, and fields for caches", async () => {
    const site = new Site({ "app.js": "run();\n" });
    site.settle();
    const { status, fields, body } = await site.get("/app.js?v=1");
    expect(status).toBe(200);
    expect(body).toBe("run();\n");
    expect(fields).toMatchObject({
      "content-type": "text/javascript; charset=utf-8",
      "content-length": "7",
      "cache-control": "no-cache",
      "accept-ranges": "bytes",
      etag: expect.stringMatching(/^"[\w-]{20}"$/),
      "last-modified": expect.stringMatching(/ GMT$/),
      date: expect.stringMatching(/ GMT$/),
    });
    expect(site.finished).toEqual(["200 complete 7"]);
  });

  test("that is in memory is sent within the turn of its request", async () => {
    const site = new Site({ "a.txt": "one" });
    await site.get("/a.txt");
    site.visit.send("GET /a.txt HTTP/1.1\r\nHost: a\r\n\r\n");
    expect(site.visit.connection.take()).toMatch(/\r\n\r\none$/);
  });

  test("of more than 2 KB is sent from the cache without a copy, and a smaller one in one piece with its head", async () => {
    const site = new Site({ "small.txt": "a".repeat(2_048), "larger.txt": "a".repeat(2_049) });
    const both = vi.spyOn(site.visit.connection, "writeBoth");
    await site.get("/small.txt");
    expect(both).not.toHaveBeenCalled();
    expect((await site.get("/larger.txt")).body).toBe("a".repeat(2_049));
    expect(both).toHaveBeenCalledOnce();
  });

  test("has the same head for HEAD, and no body", async () => {
    const site = new Site({ "a.txt": "one" });
    const whole = await site.get("/a.txt");
    const { status, fields, body } = await site.get("/a.txt", "", "HEAD");
    expect({ status, fields, body }).toEqual({ ...whole, body: "" });
  });

  test.for([3 * 1024 * 1024 + 17, 1024 * 1024 + 1, 1024 * 1024, 256 * 1024, 0])(
    "of %i bytes arrives whole, and its descriptor is closed in the end",
    async (size) => {
      const content = Buffer.alloc(size, "0123456789abcdef ghi");
      const site = new Site({ "big.bin": content });
      const { fields, body } = await site.get("/big.bin");
      expect(fields["content-length"]).toBe(String(size));
      expect(body === content.toString("latin1")).toBe(true);
      expect(site.finished).toEqual([`200 complete ${size}`]);
    },
  );
});

test("OPTIONS names the methods, and other methods get 405", async () => {
  const site = new Site({ "a.txt": "one" });
  expect(await site.get("/a.txt", "", "OPTIONS")).toMatchObject({
    status: 204,
    fields: { allow: "GET, HEAD, OPTIONS" },
  });
  expect(await site.get("/a.txt", "", "DELETE")).toMatchObject({
    status: 405,
    fields: { allow: "GET, HEAD, OPTIONS" },
  });
  expect(site.finished).toEqual(["204 complete 0", "405 refused 0"]);
});

test("a request body is dropped, and the connection is used again; a large one closes it", async () => {
  const site = new Site({ "a.txt": "one" });
  const { visit } = site;
  await site.get("/a.txt");
  visit.send("GET /a.txt HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n");
  expect(visit.connection.take()).toBe("");
  visit.send("abcGET /a.txt HTTP/1.1\r\nHost: a\r\n\r\n");
  expect(visit.connection.take().match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2);
  visit.send("GET /a.txt HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n");
  expect(visit.connection.take()).toMatch(/\r\nConnection: close\r\n\r\none$/);
});

describe("a folder", () => {
  test("is served by its index file, and its path gets a slash", async () => {
    const site = new Site({ "index.html": "home", "docs/index.html": "docs", "empty/a.txt": "" });
    expect(await site.get("/")).toMatchObject({ status: 200, body: "home" });
    expect(await site.get("/docs/")).toMatchObject({ status: 200, body: "docs" });
    expect(await site.get("/docs?a=/b")).toMatchObject({ status: 301, fields: { location: "/docs/?a=/b" } });
    expect(await site.get("/empty/")).toMatchObject({ status: 404 });
  });

  test("of a route with a prefix is redirected below the prefix", async () => {
    const pathEdit = { apply: (path: string): string => path.replace(/^\/app(?=\/|$)/, "") || "/" };
    const site = new Site({ "docs/index.html": "docs" }, { pathEdit });
    expect(await site.get("/app/docs")).toMatchObject({ status: 301, fields: { location: "/app/docs/" } });
  });

  test("that is the whole route gets its slash too", async () => {
    const pathEdit = { apply: (path: string): string => path.replace(/^\/app(?=\/|\?|$)/, "") || "/" };
    const site = new Site({ "index.html": "home" }, { pathEdit });
    expect(await site.get("/app")).toMatchObject({ status: 301, fields: { location: "/app/" } });
    expect(await site.get("/app/")).toMatchObject({ status: 200, body: "home" });
  });

  test("to which a template sends every path is redirected only once", async () => {
    const site = new Site({ "docs/index.html": "docs", "a.txt": "one" }, { pathEdit: { apply: () => "/docs" } });
    expect(await site.get("/x")).toMatchObject({ status: 301, fields: { location: "/x/" } });
    expect(await site.get("/x/")).toMatchObject({ status: 200, body: "docs" });
    const file = new Site({ "a.txt": "one" }, { pathEdit: { apply: () => "/a.txt" } });
    expect(await file.get("/x/")).toMatchObject({ status: 200, body: "one" });
  });

  test("is never redirected to another host", async () => {
    const site = new Site({ "evil.com/x": "" }, { pathEdit: { apply: () => "/evil.com" } });
    expect(await site.get("//evil.com")).toMatchObject({ status: 404 });
    expect(await site.get("/\\evil.com")).toMatchObject({ status: 404 });
  });
});

describe("a folder with an unexpected name", () => {
  test("is neither a twin nor an index, and a twin without its file is no index either", async () => {
    const site = new Site({ "a.js": "one", "a.js.br/x": "", "index.html/x": "", "docs/index.html.gz": "zipped" });
    expect((await site.get("/a.js", "Accept-Encoding: br, gzip\r\n")).body).toBe("one");
    expect((await site.get("/", HTML)).status).toBe(404);
    expect((await site.get("/docs/", "Accept-Encoding: gzip\r\n")).status).toBe(404);
    expect((await site.get("/index.html")).fields["location"]).toBe("/index.html/");
    expect((await site.get("/docs/index.html.gz")).fields["content-encoding"]).toBeUndefined();
  });
});

test("a name that is too long for the disk, or a link that leads to itself, has no file", async () => {
  const site = new Site({ "a.txt": "one", [`${"n".repeat(252)}.js`]: "long" }, { browse: true });
  symlinkSync("loop", join(site.directory, "loop"));
  for (const path of [`/${"n".repeat(256)}`, `/${"n/".repeat(3_000)}`, "/loop", "/loop/", "/a.txt/", "/a.txt/b"])
    expect((await site.get(path)).status, path.slice(0, 20)).toBe(404);
  // Its twins would have names that are too long.
  expect((await site.get(`/${"n".repeat(252)}.js`, BROTLI)).body).toBe("long");
  expect((await site.get("/")).body).not.toContain("loop");
});

describe("a missing path", () => {
  test("gets 404 with a page that names no path of the disk", async () => {
    const site = new Site({ "a.txt": "one" });
    const { status, fields, body } = await site.get("/b.txt", "Accept: text/html\r\n");
    expect({ status, code: fields["postern-error"] }).toEqual({ status: 404, code: "PN_FILE_UNKNOWN" });
    expect(body).not.toContain(site.directory);
    expect(body).not.toContain("b.txt");
  });

  test("gets the fallback with 200 if the visitor wants a page", async () => {
    const site = new Site({ "index.html": "app" }, { fallback: "index.html" });
    expect(await site.get("/users/7", "Accept: text/html,*/*;q=0.8\r\n")).toMatchObject({ status: 200, body: "app" });
    expect(await site.get("/users/7", "Accept: */*\r\n")).toMatchObject({ status: 200, body: "app" });
    expect(await site.get("/users/7?v=1.2", "Accept: */*\r\n")).toMatchObject({ status: 200, body: "app" });
    for (const file of ["/missing.js", "/missing.js?v=1.2", "/missing.js?from=/users"])
      expect((await site.get(file, "Accept: */*\r\n")).status, file).toBe(404);
    expect(await site.get("/users/7", "Accept: application/json\r\n")).toMatchObject({ status: 404 });
    expect(await site.get("/users/7", "Accept: text/html;q=0.0, */*\r\n")).toMatchObject({ status: 404 });
  });

  test("gets a fallback that caches keep for requests with the same Accept only, in each form of the response", async () => {
    const files = { "index.html": "app", "index.html.br": "small", "lost.html": "lost" };
    const site = new Site(files, { fallback: "index.html", notFoundPage: "lost.html", cacheControl: "max-age=60" });
    site.settle();
    const { fields } = await site.get("/x", HTML);
    expect(fields).toMatchObject({ vary: "Accept, Accept-Encoding", "cache-control": "max-age=60" });
    for (const lines of [BROTLI, `If-None-Match: ${fields["etag"]}\r\n`, "Range: bytes=0-1\r\n"])
      expect((await site.get("/x", HTML + lines)).fields["vary"]).toBe("Accept, Accept-Encoding");
    expect((await site.get("/x", "Accept: image/png\r\n")).fields["vary"]).toBe("Accept, Accept-Encoding");
    expect((await site.get("/index.html", HTML)).fields["vary"]).toBe("Accept-Encoding");
  });

  test("gets the configured page with 404, which no cache keeps as long as a file", async () => {
    const options = { notFoundPage: "/404.html", cacheControl: "max-age=31536000, immutable" };
    const site = new Site({ "404.html": "lost", "404.html.br": "small" }, options);
    for (const [lines, body] of [
      ["", "lost"],
      [BROTLI, "small"],
    ] as const)
      expect(await site.get("/b.txt", lines)).toMatchObject({
        status: 404,
        body,
        fields: { "cache-control": "no-cache", vary: "Accept-Encoding" },
      });
    expect((await site.get("/404.html")).fields["cache-control"]).toContain("immutable");
  });

  test("gets the configured page with 404 if the fallback is missing, and that of the gateway if both are", async () => {
    const options = { fallback: "index.html", notFoundPage: "404.html" };
    const site = new Site({ "404.html": "lost" }, options);
    expect(await site.get("/b", HTML)).toMatchObject({
      status: 404,
      body: "lost",
      fields: { vary: "Accept, Accept-Encoding" },
    });
    const { status, body } = await new Site({}, options).get("/b", HTML);
    expect({ status, body }).toEqual({ status: 404, body: expect.stringContaining("PN_FILE_UNKNOWN") as string });
  });
});

test("a file that changes twice within one step of its time stamps is read again when they are old enough", async () => {
  const tick = 1_700_000_000_000;
  const coarse = async (stats: Promise<BigIntStats>): Promise<BigIntStats> => {
    const times = { mtimeMs: BigInt(tick), mtimeNs: BigInt(tick) * 1_000_000n };
    return Object.assign(await stats, times, { ctimeMs: times.mtimeMs, ctimeNs: times.mtimeNs });
  };
  const fileSystem: FileSystem = {
    ...DISK,
    stat: (path) => coarse(DISK.stat(path)),
    fstat: (fd) => coarse(DISK.fstat(fd)),
  };
  let wall = tick + 500;
  const site = new Site({ "a.txt": "one" }, { fileSystem, wallClock: () => wall });
  expect((await site.get("/a.txt")).body).toBe("one");
  writeFileSync(join(site.directory, "a.txt"), "two");
  wall += 1_000;
  site.visit.clock.pass(1_000);
  expect((await site.get("/a.txt")).body).toBe("two");
  writeFileSync(join(site.directory, "a.txt"), "six");
  wall += 10_000;
  site.visit.clock.pass(10_000);
  expect((await site.get("/a.txt")).body).toBe("six");
});

test("a file that changes is read again within a second", async () => {
  const site = new Site({ "a.txt": "one" });
  const before = await site.get("/a.txt");
  site.write("a.txt", "four");
  expect((await site.get("/a.txt")).body).toBe("one");
  site.visit.clock.pass(1_000);
  const after = await site.get("/a.txt");
  expect(after.body).toBe("four");
  expect(after.fields["etag"]).not.toBe(before.fields["etag"]);
});

describe("a visitor that has a version of a file", () => {
  test("gets 304 with the fields for its cache, and 412 if it requires another version", async () => {
    const site = new Site({ "a.txt": "one" });
    site.settle();
    const { fields } = await site.get("/a.txt");
    const { status, body, fields: kept } = await site.get("/a.txt", `If-None-Match: ${fields["etag"]}\r\n`);
    expect({ status, body }).toEqual({ status: 304, body: "" });
    expect(Object.keys(kept).toSorted()).toEqual(["cache-control", "date", "etag", "last-modified", "vary"]);
    expect((await site.get("/a.txt", `If-Modified-Since: ${fields["last-modified"]}\r\n`)).status).toBe(304);
    expect(await site.get("/a.txt", 'If-Match: "other"\r\n')).toMatchObject({
      status: 412,
      fields: { "postern-error": "PN_FILE_CONDITION" },
    });
    expect(site.finished.at(-1)).toBe("412 refused 0");
  });

  test("gets a weak tag while the file may change within its time stamp, and a strong one later", async () => {
    const site = new Site({ "a.txt": "one" });
    site.date("a.txt", OLD);
    const young = (await site.get("/a.txt")).fields["etag"]!;
    expect(young).toMatch(/^W\/"/);
    site.settle();
    const old = (await site.get("/a.txt")).fields["etag"]!;
    expect(old).toMatch(/^"/);
    // The young tag may be that of an earlier content with the same time stamp.
    expect((await site.get("/a.txt", `If-None-Match: ${young}\r\n`)).status).toBe(200);
    expect((await site.get("/a.txt", `If-None-Match: ${old}\r\n`)).status).toBe(304);
  });

  test("gets the strong tag of a twin and of a large file later, too", async () => {
    const site = new Site({
      "a.js": "one",
      "a.js.br": "two",
      "b.js": Buffer.alloc(2 ** 21),
      "b.js.br": Buffer.alloc(2 ** 21),
    });
    for (const path of ["/a.js", "/b.js"])
      expect((await site.get(path, BROTLI, "HEAD")).fields["etag"]).toMatch(/^W\/"/);
    site.settle();
    for (const path of ["/a.js", "/b.js"]) expect((await site.get(path, BROTLI, "HEAD")).fields["etag"]).toMatch(/^"/);
  });
});

describe.for([10, 2_000_000])("a range of a file of %i bytes", (size) => {
  const content = Buffer.alloc(size, "0123456789");

  test("is sent with its position", async () => {
    const site = new Site({ "a.bin": content });
    expect(await site.get("/a.bin", "Range: bytes=3-6\r\n")).toMatchObject({
      status: 206,
      body: "3456",
      fields: { "content-range": `bytes 3-6/${size}`, "content-length": "4" },
    });
    expect(await site.get("/a.bin", "Range: bytes=-2\r\n")).toMatchObject({ status: 206, body: "89" });
    expect(site.finished).toEqual(["206 complete 4", "206 complete 2"]);
  });

  test("that does not exist gets 416 with the size", async () => {
    const site = new Site({ "a.bin": content });
    expect(await site.get("/a.bin", `Range: bytes=${size}-\r\n`)).toMatchObject({
      status: 416,
      fields: { "content-range": `bytes */${size}`, "postern-error": "PN_FILE_RANGE" },
    });
  });

  test("and others are sent as the parts of one body", async () => {
    const site = new Site({ "a.bin": content });
    const { status, fields, body } = await site.get("/a.bin", "Range: bytes=1-2,5-5,-1\r\n");
    expect(status).toBe(206);
    const boundary = /^multipart\/byteranges; boundary=(\w+)$/.exec(fields["content-type"] ?? "")?.[1];
    const part = (range: string, bytes: string): string =>
      `\r\n--${boundary}\r\nContent-Type: application/octet-stream\r\nContent-Range: bytes ${range}/${size}\r\n\r\n${bytes}`;
    const expected = part("1-2", "12") + part("5-5", "5") + part(`${size - 1}-${size - 1}`, "9");
    expect(body).toBe(`${expected}\r\n--${boundary}--\r\n`);
    expect(fields["content-length"]).toBe(String(body.length));
  });
});

describe("a file with compressed twins", () => {
  const FILES = {
    "app.js": "plain",
    "app.js.br": "brotli",
    "app.js.gz": "gzipped",
    "a.png": "image",
    "a.png.gz": "no",
  };

  test("is sent in the best coding that the visitor accepts, with a tag of its own", async () => {
    const site = new Site(FILES);
    const plain = await site.get("/app.js");
    const brotli = await site.get("/app.js", "Accept-Encoding: gzip, deflate, br, zstd\r\n");
    const gzip = await site.get("/app.js", "Accept-Encoding: gzip;q=1, br;q=0\r\n");
    expect([plain, brotli, gzip].map(({ body }) => body)).toEqual(["plain", "brotli", "gzipped"]);
    expect([plain, brotli, gzip].map(({ fields }) => fields["content-encoding"])).toEqual([undefined, "br", "gzip"]);
    expect([plain, brotli, gzip].every(({ fields }) => fields["vary"] === "Accept-Encoding")).toBe(true);
    expect(new Set([plain, brotli, gzip].map(({ fields }) => fields["etag"])).size).toBe(3);
    expect(brotli.fields["content-type"]).toBe("text/javascript; charset=utf-8");
  });

  test("has ranges and conditions in each coding", async () => {
    const site = new Site(FILES);
    const accept = "Accept-Encoding: br\r\n";
    const { fields } = await site.get("/app.js", accept);
    expect(await site.get("/app.js", `${accept}Range: bytes=1-2\r\n`)).toMatchObject({
      status: 206,
      body: "ro",
      fields: { "content-range": "bytes 1-2/6", "content-encoding": "br" },
    });
    expect((await site.get("/app.js", `${accept}If-None-Match: ${fields["etag"]}\r\n`)).status).toBe(304);
    expect((await site.get("/app.js", `If-None-Match: ${fields["etag"]}\r\n`)).status).toBe(200);
  });

  test("loses a twin that is removed, and the twin of another type is not looked for", async () => {
    const site = new Site(FILES);
    const accept = "Accept-Encoding: br, gzip\r\n";
    expect((await site.get("/app.js", accept)).body).toBe("brotli");
    site.remove("app.js.br");
    site.visit.clock.pass(1_000);
    expect((await site.get("/app.js", accept)).body).toBe("gzipped");
    expect(await site.get("/a.png", accept)).toMatchObject({ body: "image", fields: { "content-type": "image/png" } });
  });

  test("is found although only the twin's page is the fallback or the page for missing paths", async () => {
    const site = new Site({ "index.html": "app", "index.html.gz": "zipped" }, { fallback: "index.html" });
    const page = await site.get("/users/7", "Accept: text/html\r\nAccept-Encoding: gzip\r\n");
    expect(page).toMatchObject({ status: 200, body: "zipped", fields: { "content-encoding": "gzip" } });
  });
});
