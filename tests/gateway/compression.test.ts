import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { brotliDecompressSync, constants, gunzipSync, zstdDecompressSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import {
  Cleanup,
  exchange,
  needs,
  Origin,
  scratchFolder,
  startCompressingProxy,
  startNginx,
  StartProcess,
  until,
  Wire,
  type Exchange,
} from "@postern/testkit";

const TEXT = "All work and no play makes Jack a dull boy. ".repeat(100);
const LONG = Array.from({ length: 50_000 }, (_, n) => `${n}:${(n * 2_654_435_761) % 4_294_967_296}\n`).join("");

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

function decoded({ headers, body }: Exchange): string {
  switch (headers["content-encoding"]) {
    case "gzip":
      return gunzipSync(body).toString();
    case "br":
      return brotliDecompressSync(body).toString();
    case "zstd":
      return zstdDecompressSync(body).toString();
    default:
      return body.toString();
  }
}

/** @returns the port of a gateway whose route to `port` compresses */
function serve(port: number, options = ""): Promise<number> {
  return served(`target = "http://127.0.0.1:${port}"\n[proxy.middleware.compression]\n${options}\n`);
}

/** @returns the port of a gateway whose route has these options */
function served(options: string): Promise<number> {
  const text = `[server]\nlisten = "127.0.0.1:0"\n[[proxy]]\npath = "/*"\n${options}`;
  return StartProcess.launch(cleanup.defer, text, {}, ["serve"]).gatewayPort();
}

/** Responds with what the query says: `body`, `status`, `chunked`, and any fields. */
function respond(incoming: IncomingMessage, outgoing: ServerResponse): void {
  const { searchParams } = new URL(incoming.url ?? "", "http://a");
  const body =
    searchParams.get("body") === "long" ? LONG : TEXT.slice(0, Number(searchParams.get("length") ?? Infinity));
  outgoing.statusCode = Number(searchParams.get("status") ?? 200);
  for (const [name, value] of searchParams)
    if (!["body", "length", "status", "chunked"].includes(name)) outgoing.setHeader(name, value);
  if (!searchParams.has("chunked")) outgoing.setHeader("Content-Length", Buffer.byteLength(body));
  if (incoming.method === "HEAD") outgoing.end();
  else outgoing.end(body);
}

describe("compared with nginx", () => {
  let ours: number;
  let nginx: number;
  beforeAll(async () => {
    const origin = await Origin.start(cleanup.defer, respond);
    const types = '["text/*", "application/json", "application/*+json", "image/svg+xml"]';
    ours = await serve(origin.port, `types = ${types}`);
    nginx = (await startCompressingProxy(cleanup.defer, origin.port)).port;
  });
  beforeEach((context) => needs(context, "nginx"));

  const plain = "Content-Type=text/plain";
  const CASES: readonly (readonly [path: string, acceptEncoding?: string, method?: string])[] = [
    [`?${plain}`],
    [`?${plain}`, ""],
    [`?${plain}`, "gzip"],
    [`?${plain}`, "GZIP"],
    [`?${plain}`, "deflate"],
    [`?${plain}`, "gzip;q=0"],
    [`?${plain}`, "gzip;q=0.000"],
    [`?${plain}`, "gzip;q=0.001"],
    [`?${plain}`, "deflate, gzip;q=1.0, *;q=0.5"],
    [`?${plain}`, "identity"],
    [`?${plain}&length=1023`, "gzip"],
    [`?${plain}&length=1024`, "gzip"],
    [`?${plain}&length=0`, "gzip"],
    [`?${plain}&length=10&chunked`, "gzip"],
    [`?${plain}&length=0&chunked`, "gzip"],
    [`?${plain}&body=long`, "gzip"],
    [`?${plain}&body=long&chunked`, "gzip"],
    [`?${plain}&body=long`],
    ["?Content-Type=text/plain;charset=utf-8", "gzip"],
    ["?Content-Type=Application/JSON", "gzip"],
    ["?Content-Type=application/problem%2bjson", "gzip"],
    ["?Content-Type=image/svg%2bxml", "gzip"],
    ["?Content-Type=image/png", "gzip"],
    ["?Content-Type=application/octet-stream", "gzip"],
    ["?x=y", "gzip"],
    [`?${plain}&Content-Encoding=br`, "gzip"],
    [`?${plain}&status=403`, "gzip"],
    [`?${plain}&status=404`, "gzip"],
    [`?${plain}&status=206&Content-Range=bytes+0-4399/9000`, "gzip"],
    [`?${plain}&ETag="abc"`, "gzip"],
    [`?${plain}&ETag="abc"`],
    [`?${plain}&ETag=W/"abc"`, "gzip"],
    [`?${plain}&ETag=abc`, "gzip"],
    [`?${plain}&ETag=abc`],
    [`?${plain}&Accept-Ranges=bytes`, "gzip"],
    [`?${plain}&Accept-Ranges=bytes`],
    [`?${plain}&Vary=Origin`, "gzip"],
    [`?${plain}`, "gzip", "POST"],
    ["?Content-Type=image/png", "gzip", "HEAD"],
  ];

  /** What visitors depend on. The opaque part of a weak tag is each server's own. */
  async function essence(port: number, [path, accepted, method = "GET"]: (typeof CASES)[number]): Promise<object> {
    const headers = accepted === undefined ? {} : { "accept-encoding": accepted };
    const got = await exchange(port, { host: "a.example", path: `/${path}`, method, headers });
    const { "content-encoding": coding, "content-type": type, vary = "", etag, "accept-ranges": ranges } = got.headers;
    return {
      status: got.status,
      coding,
      type,
      vary: new Set(vary.toLowerCase().split(", ")),
      ranges,
      etag: etag?.replace(".postern-gzip", ""),
      body: coding === "br" ? got.body.toString() : decoded(got),
    };
  }

  test.for(CASES)("%j", async (given) => {
    expect(await essence(ours, given)).toEqual(await essence(nginx, given));
  });
});

describe("a real origin that checks conditions", () => {
  test("updates a document only in the version that the visitor has seen, compressed or not", async () => {
    let document = TEXT;
    const tagOf = (text: string): string => `"${createHash("sha1").update(text).digest("hex")}"`;
    const origin = await Origin.start(cleanup.defer, (incoming, outgoing) => {
      const etag = tagOf(document);
      outgoing.setHeader("ETag", etag).setHeader("Content-Type", "text/plain");
      const { "if-match": match, "if-none-match": noneMatch } = incoming.headers;
      // RFC 9110, section 13.1.1: the comparison is strong.
      if (match !== undefined && !match.split(", ").includes(etag)) return void outgoing.writeHead(412).end();
      if (noneMatch?.split(", ").includes(etag) === true)
        return void outgoing.writeHead(incoming.method === "GET" ? 304 : 412).end();
      if (incoming.method === "GET") return void outgoing.end(document);
      let body = "";
      incoming.on("data", (chunk: Buffer) => (body += chunk.toString()));
      incoming.on("end", () => {
        document = body;
        outgoing.writeHead(204, { ETag: tagOf(body) }).end();
      });
    });
    const port = await serve(origin.port, "brotli = true");
    const ask = (headers: Record<string, string>, method = "GET", body?: string): Promise<Exchange> =>
      exchange(port, { host: "a.example", method, headers, ...(body !== undefined && { body }) });

    for (const coding of ["gzip", "br", "zstd", "identity"]) {
      const accepting = { "accept-encoding": coding };
      const first = await ask(accepting);
      expect(first.headers["content-encoding"] ?? "identity").toBe(coding);
      expect(decoded(first)).toBe(document);
      const etag = first.headers.etag!;
      expect(etag.startsWith("W/")).toBe(coding !== "identity");
      const fresh = await ask({ ...accepting, "if-none-match": etag });
      expect([fresh.status, fresh.headers.etag, fresh.headers.vary]).toEqual([304, etag, "Accept-Encoding"]);
      expect((await ask({ "if-none-match": etag, "accept-encoding": "deflate" })).status).toBe(
        coding === "identity" ? 304 : 200,
      );
      expect((await ask({ "if-match": etag }, "PUT", `${document}${coding}`)).status).toBe(204);
      expect((await ask({ "if-match": etag }, "PUT", "lost update")).status).toBe(412);
      expect((await ask({ ...accepting, "if-none-match": etag })).status).toBe(200);
      const now = (await ask(accepting)).headers.etag!;
      expect((await ask({ "if-none-match": now }, "PUT", "only if new")).status).toBe(412);
    }
  });

  test("nginx, also for parts of a file", async (context) => {
    needs(context, "nginx");
    const { port: target } = await startNginx(cleanup.defer, { "a.txt": TEXT });
    const port = await serve(target);
    const ask = (headers: Record<string, string>): Promise<Exchange> =>
      exchange(port, { host: "a.example", path: "/a.txt", headers });
    const accepting = { "accept-encoding": "gzip" };
    const { headers } = await ask(accepting);
    const etag = headers.etag!;
    expect(etag).toMatch(/^W\/".*\.postern-gzip"$/);
    expect((await ask({ ...accepting, "if-none-match": etag })).status).toBe(304);
    expect((await ask({ ...accepting, "if-match": etag })).status).toBe(200);
    expect((await ask({ ...accepting, "if-match": 'W/"0-0.postern-gzip"' })).status).toBe(412);
    expect((await ask({ ...accepting, range: "bytes=0-3" })).body.toString()).toBe("All ");
    const rest = await ask({ ...accepting, range: "bytes=4-", "if-range": etag });
    expect([rest.status, decoded(rest)]).toEqual([200, TEXT]);
  });
});

test("each chunk of a slow origin arrives before the next one is sent", async () => {
  let stream: ServerResponse | undefined;
  const origin = await Origin.start(cleanup.defer, (_, outgoing) => {
    stream = outgoing.setHeader("Content-Type", "application/x-ndjson");
    outgoing.write('{"n":0}\n');
  });
  const port = await serve(origin.port);
  const wire = await Wire.dial(cleanup.defer, port);
  wire.write("GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n");
  const textOf = (): string => {
    const end = wire.text.indexOf("\r\n\r\n");
    return end < 0 ? "" : partOf(wire.received.subarray(end + 4));
  };
  let expected = '{"n":0}\n';
  for (let n = 1; n <= 10; n++) {
    await until(`the part ${n}`, () => textOf() === expected);
    const line = `{"n":${n}}\n`;
    expected += line;
    stream!.write(line);
  }
  await until("the last part", () => textOf() === expected);
});

/** The text of the complete chunks so far, of a body in gzip that has not ended. */
function partOf(framed: Buffer): string {
  const pieces: Buffer[] = [];
  for (let at = 0; at < framed.length;) {
    const line = framed.indexOf("\r\n", at);
    const size = parseInt(framed.toString("latin1", at, line), 16);
    if (line < 0 || framed.length < line + 4 + size) break;
    pieces.push(framed.subarray(line + 2, line + 2 + size));
    at = line + 4 + size;
  }
  return gunzipSync(Buffer.concat(pieces), { finishFlush: constants.Z_SYNC_FLUSH }).toString();
}

test("events of an event stream arrive at once, and are not compressed", async () => {
  const origin = await Origin.start(cleanup.defer, (_, outgoing) => {
    outgoing.setHeader("Content-Type", "text/event-stream");
    outgoing.write("data: 1\n\n");
  });
  const port = await serve(origin.port, 'types = ["*/*"]');
  const wire = await Wire.dial(cleanup.defer, port);
  wire.write("GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n");
  await until("the event", () => wire.text.includes("data: 1\n\n"));
  expect(wire.text).not.toMatch(/content-encoding|vary/i);
});

test("files are compressed too, and a file of any size is complete", async () => {
  const folder = scratchFolder(onTestFinished);
  const huge = LONG.repeat(5);
  writeFileSync(`${folder}/long.txt`, LONG);
  writeFileSync(`${folder}/huge.txt`, huge);
  const port = await served(`files = "${folder}"\nmiddleware.compression = {}\n`);
  for (const [path, text] of [
    ["/long.txt", LONG],
    ["/huge.txt", huge],
  ] as const) {
    const got = await exchange(port, { host: "a", path, headers: { "accept-encoding": "gzip" } });
    expect(got.headers["content-encoding"]).toBe("gzip");
    expect(decoded(got) === text).toBe(true);
  }
});

test("hundreds of visitors who read nothing do not keep others from getting their responses", async () => {
  const origin = await Origin.start(cleanup.defer, respond);
  const port = await serve(origin.port);
  const lines = "Host: a\r\nAccept-Encoding: zstd\r\n";
  const stalled = await Promise.all(Array.from({ length: 200 }, () => Wire.dial(cleanup.defer, port)));
  for (const wire of stalled) {
    wire.socket.pause();
    wire.write(`GET /?Content-Type=text/plain&body=long HTTP/1.1\r\n${lines}\r\n`);
  }
  await until("their requests", () => origin.requests.length >= 200);
  for (const path of ["/?Content-Type=text/plain", "/?Content-Type=text/plain&body=long"]) {
    const got = await exchange(port, { host: "a", path, headers: { "accept-encoding": "gzip" } });
    expect(decoded(got)).toBe(path.endsWith("long") ? LONG : TEXT);
  }
});
