import { mkdirSync, writeFileSync } from "node:fs";
import { request, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Cleanup, Origin, scratchFolder, StartProcess, until } from "@postern/testkit";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

/** About 20 MB of JSON, and what is left of it. */
const ROWS = 200_000;
const rows = (secret: string): string =>
  `{"rows":[${Array.from({ length: ROWS }, (_, n) => `{"id":${n},${secret}"text":"${"x".repeat(60)}"}`).join(",")}]}`;
const LARGE = Buffer.from(rows('"secret":{"a":[1,"}"]},'));
const LARGE_CHANGED = Buffer.from(rows(""));

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

let port: number;
let process: StartProcess;
let origin: Origin;
/** The bodies that the origin has received. */
const received: Buffer[] = [];
/** Event streams that the origin has begun. */
const streams: ServerResponse[] = [];

beforeAll(async () => {
  origin = await Origin.start(cleanup.defer, (incoming, outgoing) => void answer(incoming, outgoing));
  const folder = scratchFolder(cleanup.defer);
  mkdirSync(join(folder, "site"));
  const page = `<a href="http://internal.test/">${"internal.test ".repeat(5_000)}</a>`;
  writeFileSync(join(folder, "site", "page.html"), page);
  writeFileSync(join(folder, "site", "page.html.gz"), gzipSync(page));
  const to = (path: string, tables: string): string =>
    `[[proxy]]\npath = "${path}"\ntarget = "http://127.0.0.1:${origin.port}"\n${tables}\n`;
  const replaced =
    '[[proxy.middleware.transform.response.replace_text]]\nfind = "internal.test"\nreplace = "www.test"\n';
  process = StartProcess.launch(
    cleanup.defer,
    [
      '[server]\nlisten = "127.0.0.1:0"\n',
      to("/text/*", replaced),
      to(
        "/json/*",
        '[proxy.middleware.transform]\nresponse.remove_json_fields = ["secret"]\nrequest.remove_json_fields = ["secret"]\n',
      ),
      to("/slow/*", '[[proxy.middleware.transform.response.replace_text]]\nfind = "a*b"\nregex_enabled = true\n'),
      `[[proxy]]\npath = "/site/*"\nstrip_prefix = true\n[proxy.files]\ndirectory = "${join(folder, "site")}"\n${replaced}`,
    ].join("\n"),
    {},
    ["serve"],
  );
  port = await process.gatewayPort();
});

async function answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const { url = "" } = incoming;
  const body = await buffer(incoming).catch(() => undefined);
  if (body === undefined) return;
  if (body.length > 0) received.push(body);
  if (url === "/events") {
    outgoing.writeHead(200, { "content-type": "text/event-stream" });
    outgoing.flushHeaders();
    return void streams.push(outgoing);
  }
  if (url === "/large") {
    outgoing.setHeader("content-type", "application/json");
    const accepts = String(incoming.headers["accept-encoding"] ?? "").includes("gzip");
    if (accepts) outgoing.setHeader("content-encoding", "gzip");
    return void outgoing.end(accepts ? gzipSync(LARGE) : LARGE);
  }
  if (url === "/text") {
    outgoing.setHeader("content-type", "text/plain");
    return void outgoing.end("a".repeat(1_000_000));
  }
  outgoing.setHeader("content-type", "text/plain");
  outgoing.end("from internal.test");
}

async function ask(
  path: string,
  headers: Record<string, string> = {},
  body?: Buffer,
  method?: string,
): Promise<Answer> {
  const outgoing = request({
    port,
    path,
    method: method ?? (body === undefined ? "GET" : "POST"),
    headers: { host: "a.test", connection: "close", ...headers },
  });
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  outgoing.on("response", resolve).on("error", reject);
  if (body === undefined) outgoing.end();
  else Readable.from(pieces(body)).pipe(outgoing);
  const incoming = await promise;
  return { status: incoming.statusCode ?? 0, headers: incoming.headers, body: await buffer(incoming) };
}

function* pieces(body: Buffer): Generator<Buffer> {
  for (let at = 0; at < body.length; at += 50_000) yield body.subarray(at, at + 50_000);
}

describe("a route that changes bodies", () => {
  test("edits 20 MB of JSON in a response, compressed or not", async () => {
    for (const headers of [{}, { "accept-encoding": "gzip" }]) {
      const { status, body, headers: fields } = await ask("/json/large", headers);
      expect([status, fields["content-encoding"], fields.etag]).toEqual([200, undefined, undefined]);
      expect(body.equals(LARGE_CHANGED)).toBe(true);
    }
  });

  test("edits 20 MB of JSON in a request, compressed or not", async () => {
    const type = { "content-type": "application/json" };
    for (const [headers, body] of [
      [type, LARGE],
      [{ ...type, "content-encoding": "gzip" }, gzipSync(LARGE)],
    ] as const) {
      received.length = 0;
      expect((await ask("/json/in", headers, body)).status).toBe(200);
      expect(received[0]?.equals(LARGE_CHANGED)).toBe(true);
      expect(origin.requests.at(-1)?.headers).toMatchObject({ "transfer-encoding": "chunked" });
      expect(origin.requests.at(-1)?.headers["content-encoding"]).toBeUndefined();
    }
  });

  test("sends a small request with its length, after 100 Continue", async () => {
    received.length = 0;
    const body = Buffer.from('{"secret":1,"a":2}');
    const headers = {
      "content-type": "application/json",
      "content-length": String(body.length),
      expect: "100-continue",
    };
    expect((await ask("/json/in", headers, body)).status).toBe(200);
    expect(String(received[0])).toBe('{"a":2}');
    expect(origin.requests.at(-1)?.headers).toMatchObject({ "content-length": "7" });
    expect(origin.requests.at(-1)?.headers["expect"]).toBeUndefined();
  });

  test("lets nothing of a request through that is not JSON", async () => {
    const seen = origin.requests.length;
    const { status, headers } = await ask(
      "/json/in",
      { "content-type": "application/json" },
      Buffer.from('{"secret":1'),
    );
    expect([status, headers["postern-error"]]).toEqual([400, "PN_TRANSFORM_BODY"]);
    expect(origin.requests).toHaveLength(seen);
    await until("the warning", () =>
      process.program.output.includes("A request of /json/* was refused, because the body is not valid JSON"),
    );
  });

  test("passes events on at once", async () => {
    const outgoing = request({ port, path: "/text/events", headers: { host: "a.test" } }).end();
    const incoming = await new Promise<IncomingMessage>((resolve) => outgoing.on("response", resolve));
    let text = "";
    incoming.on("data", (chunk: Buffer) => (text += chunk.toString())).on("error", () => {});
    for (let n = 1; n <= 3; n++) {
      streams.at(-1)!.write(`data: internal.test ${n}\n\n`);
      await until("the event", () => text.endsWith(`data: www.test ${n}\n\n`));
    }
    outgoing.destroy();
  });

  test("changes files, also precompressed ones, and sends no parts of them", async () => {
    const expected = `<a href="http://www.test/">${"www.test ".repeat(5_000)}</a>`;
    const variants: Record<string, string>[] = [{}, { "accept-encoding": "gzip" }, { range: "bytes=0-9" }];
    for (const headers of variants) {
      const { status, body, headers: fields } = await ask("/site/page.html", headers);
      expect([status, body.toString()]).toEqual([200, expected]);
      expect([fields.etag, fields["accept-ranges"], fields["content-encoding"]]).toEqual([
        undefined,
        undefined,
        undefined,
      ]);
    }
    const head = await ask("/site/page.html", {}, undefined, "HEAD");
    expect([head.status, head.body.length, head.headers["content-length"], head.headers.etag]).toEqual([
      200,
      0,
      undefined,
      undefined,
    ]);
  });

  test("stops an expression that takes too long, and serves other requests meanwhile", async () => {
    const [slow, other] = await Promise.all([ask("/slow/text"), ask("/slow/other")]);
    expect([slow.status, slow.headers["postern-error"]]).toEqual([502, "PN_TRANSFORM_RESPONSE"]);
    expect([200, 502]).toContain(other.status);
    expect((await ask("/text/other")).body.toString()).toBe("from www.test");
  });
});

test.each([
  ['find = "(a+)+"\nregex_enabled = true', "a quantifier that has a quantifier itself"],
  ['find = "a("\nregex_enabled = true', "is not a valid regular expression"],
  ['find = ""', "requires a text to find"],
  ['replace = "x"', "requires a text to find"],
])("a rule that is not valid is refused: %s", async (rule, message) => {
  const { program } = StartProcess.launch(
    cleanup.defer,
    `[server]\nlisten = "127.0.0.1:0"\n[[proxy]]\npath = "/*"\ntarget = "http://127.0.0.1:1"\n[[proxy.middleware.transform.request.replace_text]]\n${rule}\n`,
    {},
    ["serve"],
  );
  await program.ends(2);
  expect(program.stderr).toContain("PN_CONFIG_INVALID");
  expect(program.stderr).toContain(message);
});
