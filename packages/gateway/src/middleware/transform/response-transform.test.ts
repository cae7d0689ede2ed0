import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { BODY_QUOTA } from "../../bodies/body-quota.js";
import { read } from "../../responses/read-response.suite.js";
import { DECODING_LIMITS } from "./body-decoder.js";
import { REGEX_LIMITS } from "./regex-threads.js";
import { MOST_WHOLE } from "./transform-coder.js";
import { isComplete, literal, regex, TransformedVisit, type SomeChanges } from "./transformed-visits.suite.js";

const GET = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";
const HEAD = GET.replace("GET", "HEAD");
const RENAME: SomeChanges = { replace: [literal("internal.test", "api.test")] };
const TEXT =
  'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nETag: "1"\r\nAccept-Ranges: bytes\r\nDigest: a\r\nContent-Digest: b\r\nRepr-Digest: c\r\nContent-MD5: d\r\nX-Kept: 1\r\n';
const JSON_TYPE = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";
const GONE = /etag|accept-ranges|digest|content-md5|content-encoding/;

/** A response with a body in one of the three framings. */
const FRAMED: readonly [string, (head: string, body: string) => string][] = [
  ["a length", (head, body) => `${head}Content-Length: ${body.length}\r\n\r\n${body}`],
  [
    "chunks",
    (head, body) =>
      `${head}Transfer-Encoding: chunked\r\n\r\n3\r\n${body.slice(0, 3)}\r\n${(body.length - 3).toString(16)}\r\n${body.slice(3)}\r\n0\r\n\r\n`,
  ],
  ["the end of the connection", (head, body) => `${head}\r\n${body}`],
];

const withLength = FRAMED[0]![1];

/** The response that a visitor gets to a GET. */
function got(
  changes: SomeChanges,
  response: string,
  request = GET,
): { head: string; body: string; visit: TransformedVisit } {
  const visit = new TransformedVisit({ response: changes });
  visit.send(request);
  visit.respond(response);
  return { ...read(visit.connection.take()), visit };
}

describe.each(FRAMED)("a response that ends with %s", (_, framed) => {
  test("has its text replaced, wherever it is cut", () => {
    const response = framed(TEXT, "see internal.test or internal.tes");
    for (let cut = 1; cut <= response.length; cut++) {
      const visit = new TransformedVisit({ response: RENAME });
      visit.send(GET);
      visit.respond(response.slice(0, cut));
      if (cut < response.length) visit.respond(response.slice(cut));
      visit.upstream.stream.finish();
      const { head, body } = read(visit.connection.take());
      expect(body, `cut at ${cut}`).toBe("see api.test or internal.tes");
      expect(head).toContain("transfer-encoding: chunked");
      expect(head).toContain("x-kept: 1");
      expect(head).not.toMatch(GONE);
      expect(visit.upstream.stream.credited).toBe(response.length);
      expect(visit.upstream.finished).toHaveLength(1);
    }
  });

  test("has its JSON edited, wherever it is cut", () => {
    const response = framed(JSON_TYPE, '{"id":1,"secret":[{}],"list":[{"secret":2,"n":9007199254740993}]}');
    for (let cut = 1; cut <= response.length; cut++) {
      const visit = new TransformedVisit({ response: { remove: ["secret"], add: { by: "us" } } });
      visit.send(GET);
      visit.respond(response.slice(0, cut));
      if (cut < response.length) visit.respond(response.slice(cut));
      visit.upstream.stream.finish();
      const { head, body } = read(visit.connection.take());
      expect(body, `cut at ${cut}`).toBe('{"id":1,"list":[{"n":9007199254740993}],"by":"us"}');
      // A small one is passed on as a whole.
      expect(head).toContain(`content-length: ${body.length}`);
      expect(visit.upstream.stream.credited).toBe(response.length);
    }
  });

  test("that is no JSON becomes a page, and is reported", async () => {
    for (const body of ['{"secret":1', '{"secret":1}}', "secret"]) {
      const visit = new TransformedVisit({ response: { remove: ["secret"] } });
      visit.send(GET);
      visit.respond(framed(JSON_TYPE, body));
      visit.upstream.stream.finish();
      const text = await visit.taken(isComplete);
      expect(text).toMatch(/^HTTP\/1\.1 502 /);
      expect(text).not.toContain("secret");
      expect(visit.upstream.ends).toEqual(["refused PN_TRANSFORM_RESPONSE"]);
      expect(visit.warnings).toEqual([
        "A response of /api was not passed on, because the body is not valid JSON, or has too many levels.",
      ]);
    }
  });
});

test("replacements are applied in their order, each to the result of the one before it, and JSON is edited last", () => {
  const changes = { replace: [literal("a", "b"), literal("bb", "c")], remove: ["c"], add: { d: "a" } };
  expect(got(changes, withLength(JSON_TYPE, '{"ab":1,"x":"ba"}')).body).toBe('{"x":"c","d":"a"}');
});

test.each([
  ["image/png", "internal.test"],
  ["application/octet-stream", "internal.test"],
  ["", "internal.test"],
])("a body of the type %j passes as it is", (type, body) => {
  const head = TEXT.replace("Content-Type: text/html\r\n", type === "" ? "" : `Content-Type: ${type}\r\n`);
  const response = got(RENAME, withLength(head, body));
  expect(response.body).toBe(body);
  expect(response.head).toMatch(/etag: "1"\r\naccept-ranges: bytes/);
  expect(response.head).toContain("content-length: 13");
});

test.each([
  "text/plain",
  "text/html; charset=utf-8",
  "Application/JSON",
  "application/vnd.api+json",
  "image/svg+xml",
  "application/javascript",
  "application/x-ndjson",
])("a body of the type %s is text", (type) => {
  expect(got(RENAME, withLength(TEXT.replace("text/html", type), '"internal.test"')).body).toBe('"api.test"');
});

test("text that is no JSON is not edited as JSON", () => {
  expect(got({ remove: ["a"] }, withLength(TEXT, '{"a":1}')).body).toBe('{"a":1}');
});

test("HEAD gets the fields that GET gets, except the length", () => {
  const changed = got(RENAME, withLength(TEXT, "internal.test"));
  const visit = new TransformedVisit({ response: RENAME });
  visit.send(HEAD);
  visit.respond(`${TEXT}Content-Length: 13\r\n\r\n`);
  const { head, body } = read(visit.connection.take());
  expect(body).toBe("");
  const fields = (text: string): string[] =>
    text.split("\r\n").filter((line) => !/^(transfer-encoding|date|x-request-id)/.test(line));
  expect(fields(head)).toEqual(fields(changed.head));
  visit.send(GET);
  visit.respond(withLength(TEXT, "internal.test"));
  expect(read(visit.connection.take()).body).toBe("api.test");
});

test("304 has no ETag, unless the visitor knows one", () => {
  const response = 'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\nX-Kept: 1\r\n\r\n';
  expect(got(RENAME, response).head).not.toContain("etag");
  const known = GET.replace("Host", 'If-None-Match: "1"\r\nHost');
  expect(got(RENAME, response, known).head).toContain('etag: "1"');
});

test("206 and an empty body pass as they are", () => {
  const part = withLength(
    TEXT.replace("200 OK", "206 Partial Content\r\nContent-Range: bytes 0-12/99"),
    "internal.test",
  );
  const { head, body } = got(RENAME, part);
  expect(body).toBe("internal.test");
  expect(head).toContain("etag");
  expect(got({ remove: ["a"] }, `${JSON_TYPE}ETag: "1"\r\nContent-Length: 0\r\n\r\n`).head).toContain("etag");
  const empty = got({ remove: ["a"] }, `${JSON_TYPE}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`);
  expect([empty.body, empty.head.includes("content-length: 0")]).toEqual(["", true]);
});

test("the target gets no Range, and only the codings that can be decoded", () => {
  const ask = (fields: string): string => {
    const visit = new TransformedVisit({ response: RENAME });
    visit.send(`GET / HTTP/1.1\r\nHost: a.test\r\n${fields}\r\n`);
    return visit.upstream.stream.text;
  };
  const text = ask(
    'Range: bytes=0-1\r\nIf-Range: "1"\r\nIf-None-Match: "2"\r\nAccept-Encoding: gzip;q=0.5, dcb, br , *;q=0\r\n',
  );
  expect(text).not.toMatch(/^(range|if-range):/im);
  expect(text).toMatch(/^If-None-Match: "2"\r$/m);
  expect(text).toMatch(/^Accept-Encoding: gzip;q=0\.5, br\r$/m);
  expect(text.match(/accept-encoding/gi)).toHaveLength(1);
  expect(ask("Accept-Encoding: compress\r\n")).toMatch(/^Accept-Encoding: identity\r$/m);
  expect(ask("")).not.toMatch(/accept-encoding/i);
});

describe.each([
  ["gzip", gzipSync],
  ["deflate", deflateSync],
  ["br", brotliCompressSync],
  ["zstd", zstdCompressSync],
] as const)("a body in %s", (coding, encode) => {
  const head = `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: ${coding}\r\n`;

  test("is decoded and changed, and leaves without the coding", async () => {
    const visit = new TransformedVisit({ response: { remove: ["secret"] } });
    visit.send(GET);
    const coded = encode(Buffer.from('{"a":1,"secret":2}'));
    visit.respondBytes(Buffer.concat([Buffer.from(`${head}Content-Length: ${coded.length}\r\n\r\n`), coded]));
    const response = read(await visit.taken(isComplete));
    expect(response.body).toBe('{"a":1}');
    expect(response.head).not.toContain("content-encoding");
    expect(visit.upstream.finished).toHaveLength(1);
  });

  test("that is damaged, or cut off, becomes a page", async () => {
    for (const coded of [encode(Buffer.from('{"a":1}')).subarray(0, -2), Buffer.from("xxsecret")]) {
      const visit = new TransformedVisit({ response: { remove: ["secret"] } });
      visit.send(GET);
      visit.respondBytes(Buffer.concat([Buffer.from(`${head}Content-Length: ${coded.length}\r\n\r\n`), coded]));
      const text = await visit.taken((each) => each.startsWith("HTTP/1.1 502 ") && isComplete(each));
      expect(text).not.toContain("secret");
      expect(visit.warnings.join()).toContain(`is not valid ${coding}`);
    }
  });

  test("that is a bomb breaks off", async () => {
    const visit = new TransformedVisit({ response: RENAME });
    visit.send(GET);
    const coded = encode(Buffer.alloc(3 * DECODING_LIMITS.extra, "x"));
    visit.respondBytes(Buffer.concat([Buffer.from(`${head}Content-Length: ${coded.length}\r\n\r\n`), coded]));
    let received = 0;
    await visit.taken((text) => {
      received = Math.max(received, text.length);
      return visit.connection.state === "reset";
    });
    expect(received).toBeLessThan(2 * DECODING_LIMITS.extra);
    expect(visit.warnings.join()).toContain("times as large as its compressed form");
  });
});

test("while the visitor does not read, a compressed body is not decoded any further", async () => {
  const visit = new TransformedVisit({ response: RENAME });
  visit.send(GET);
  const coded = gzipSync(Buffer.alloc(8_000_000, "x"));
  const head = `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Encoding: gzip\r\nContent-Length: ${coded.length}\r\n\r\n`;
  visit.connection.takes = false;
  visit.respondBytes(Buffer.concat([Buffer.from(head), coded]));
  for (let turn = 0; turn < 200; turn++) await new Promise(setImmediate);
  expect(visit.connection.unsent).toBeLessThan(1_000_000);
  const text = await visit.taken((each) => {
    visit.connection.drain();
    return isComplete(each);
  });
  expect(read(text).body.length).toBe(8_000_000);
  expect(visit.upstream.finished).toHaveLength(1);
});

test.each([["compress"], ["gzip, gzip"]])("a body in %s becomes a page", async (coding) => {
  const visit = new TransformedVisit({ response: RENAME });
  visit.send(GET);
  visit.respond(`${TEXT}Content-Encoding: ${coding}\r\nContent-Length: 6\r\n\r\nsecret`);
  expect(await visit.taken((text) => isComplete(text))).toMatch(/^HTTP\/1\.1 502 /);
  expect(visit.warnings.join()).toContain("is not supported");
});

test("a large JSON body is passed on in pieces, and breaks off where it turns out not to be JSON", async () => {
  const visit = new TransformedVisit({ response: { remove: ["secret"] } });
  visit.send(GET);
  const filler = "x".repeat(MOST_WHOLE + 1_000);
  visit.respond(
    `${JSON_TYPE}Transfer-Encoding: chunked\r\n\r\n${(filler.length + 6).toString(16)}\r\n["${filler}",[]\r\n`,
  );
  expect(visit.connection.take().match(/x/g)?.length).toBeGreaterThanOrEqual(filler.length);
  visit.respond("8\r\n,secret]\r\n0\r\n\r\n");
  await visit.taken(() => visit.connection.state === "reset");
  expect(visit.upstream.ends).toEqual(["refused PN_TRANSFORM_RESPONSE"]);
});

describe("a charset", () => {
  const send = (charset: string, body: Buffer, changes: SomeChanges): { head: string; body: string } => {
    const visit = new TransformedVisit({ response: changes });
    visit.send(GET);
    const head = `HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=${charset}; x=y\r\nContent-Length: ${body.length}\r\n\r\n`;
    visit.respondBytes(Buffer.concat([Buffer.from(head), body]));
    const response = read(visit.connection.take());
    return { head: response.head, body: Buffer.from(response.body, "latin1").toString("utf8") };
  };
  const umlauts = { replace: [literal("Grüße", "Gruß")] };

  test.each([
    ["utf-8", Buffer.from("Grüße"), "charset=utf-8"],
    ["ISO-8859-1", Buffer.from("Grüße", "latin1"), "charset=utf-8"],
    ["utf-16le", Buffer.from("Grüße", "utf16le"), "charset=utf-8"],
    ['"utf-16"', Buffer.from("\ufeffGrüße", "utf16le"), "charset=utf-8"],
    ["windows-1252", Buffer.from("Grüße", "latin1"), "charset=utf-8"],
  ])("%s is read, and converted to UTF-8 where necessary", (charset, body, result) => {
    const response = send(charset, body, umlauts);
    expect(response.body).toBe("Gruß");
    expect(response.head).toContain(`text/plain; ${result}; x=y`);
  });

  test("with ASCII in single bytes stays if the changes are ASCII", () => {
    const visit = new TransformedVisit({ response: { replace: [literal("b", "c")] } });
    visit.send(GET);
    const head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Length: 2\r\n\r\n";
    visit.respondBytes(Buffer.concat([Buffer.from(head), Buffer.from([0xfc, 0x62])]));
    expect(read(visit.connection.take())).toMatchObject({
      body: "üc",
      head: expect.stringContaining("iso-8859-1") as string,
    });
  });

  test("that is unknown leads to a page", async () => {
    const visit = new TransformedVisit({ response: RENAME });
    visit.send(GET);
    visit.respond(withLength("HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-32\r\n", "secret"));
    expect(await visit.taken(isComplete)).toMatch(/^HTTP\/1\.1 502 /);
    expect(visit.warnings.join()).toContain('the charset "utf-32" is not supported');
  });
});

test("events of a stream arrive at once", () => {
  const visit = new TransformedVisit({ response: RENAME });
  visit.send(GET);
  visit.respond("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
  expect(visit.connection.take()).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\n$/);
  const event = "data: internal.test\n\n";
  visit.respond(`${event.length.toString(16)}\r\n${event}\r\n`);
  expect(visit.connection.take()).toBe("10\r\ndata: api.test\n\n\r\n");
});

test("a body that the replacements make far too large breaks off", async () => {
  const visit = new TransformedVisit({
    response: { replace: [literal("a", "b".repeat(1_000)), literal("b", "c".repeat(1_000))] },
  });
  visit.send(GET);
  visit.respond(withLength("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n", "a".repeat(10_000)));
  expect(await visit.taken(isComplete)).toMatch(/^HTTP\/1\.1 502 /);
  expect(visit.warnings.join()).toContain("times as large");
});

describe("regular expressions", () => {
  const masked: SomeChanges = { replace: [literal("id", "no"), regex("no-(\\d+)", "<$1>")], remove: ["secret"] };

  test("change the whole body, before it is edited as JSON", async () => {
    const visit = new TransformedVisit({ response: masked });
    visit.send(GET);
    for (const part of FRAMED[1]![1](JSON_TYPE, '{"a":"id-12","secret":0}').match(/[^]{1,7}/g)!) visit.respond(part);
    const { head, body } = read(await visit.taken(isComplete));
    expect(body).toBe('{"a":"<12>"}');
    expect(head).toContain(`content-length: ${body.length}`);
    expect(BODY_QUOTA.used).toBe(0);
  });

  test("change an empty body into itself", () => {
    expect(got(masked, `${TEXT}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`).body).toBe("");
  });

  test("do not change bodies that are larger than their limit", async () => {
    for (const length of [REGEX_LIMITS.body, REGEX_LIMITS.body + 1]) {
      const visit = new TransformedVisit({ response: masked });
      visit.send(GET);
      visit.respond(withLength("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n", "x".repeat(length)));
      const status = /^HTTP\/1\.1 (\d+)/.exec(await visit.taken(isComplete))?.[1];
      expect(status).toBe(length > REGEX_LIMITS.body ? "502" : "200");
      expect(BODY_QUOTA.used).toBe(0);
    }
  });

  test("do not change streams of events", async () => {
    const visit = new TransformedVisit({ response: masked });
    visit.send(GET);
    visit.respond("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
    expect(await visit.taken(isComplete)).toMatch(/^HTTP\/1\.1 502 /);
    expect(visit.warnings.join()).toContain("streams of events");
  });

  test("give back their memory when the visitor leaves", () => {
    const visit = new TransformedVisit({ response: masked });
    visit.send(GET);
    visit.respond("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 9\r\n\r\nabc");
    expect(BODY_QUOTA.used).toBeGreaterThan(0);
    visit.connection.destroy();
    visit.connection.pump();
    expect(BODY_QUOTA.used).toBe(0);
  });
});
