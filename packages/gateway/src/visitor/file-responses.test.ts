import { describe, expect, test } from "vitest";
import { Site } from "./file-visits.suite.js";

describe("a file", () => {
  test("is sent with its type, its length, and fields for caches", async () => {
    const site = new Site({ "app.js": "run();\n" });
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
    expect(await site.get("/missing.js", "Accept: */*\r\n")).toMatchObject({ status: 404 });
    expect(await site.get("/users/7", "Accept: application/json\r\n")).toMatchObject({ status: 404 });
  });

  test("gets the configured page with 404", async () => {
    const site = new Site({ "404.html": "lost" }, { notFoundPage: "/404.html" });
    expect(await site.get("/b.txt")).toMatchObject({ status: 404, body: "lost" });
  });
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
