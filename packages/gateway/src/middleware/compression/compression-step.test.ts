import { describe, expect, test } from "vitest";
import { stepRequest } from "../step-requests.suite.js";
import { chunked, CompressedVisit, decoded, OPTIONS, response } from "./compressed-visits.suite.js";
import { CompressionStep } from "./compression-step.js";

const TEXT = "All work and no play makes Jack a dull boy. ".repeat(20);
const LONG = TEXT.repeat(100);
const TYPE = "Content-Type: text/plain\r\n";

describe("a visitor gets the coding that it prefers, and of equal ones the cheapest", () => {
  test.for([
    ["gzip", "gzip"],
    ["gzip, deflate, br", "br"],
    ["gzip, deflate, br, zstd", "zstd"],
    ["gzip;q=1, zstd;q=0.9", "gzip"],
  ] as const)("%s: %s", async ([accepted, coding]) => {
    for (const text of [TEXT, LONG]) {
      const got = await new CompressedVisit().answer(response(text), `Accept-Encoding: ${accepted}\r\n`);
      expect(got.fields["content-encoding"]).toBe(coding);
      expect(decoded(got)).toBe(text);
      expect(got.body.length).toBeLessThan(text.length / 2);
    }
  });

  test("named in several fields", async () => {
    const lines = "Accept-Encoding: br;q=0.5\r\nAccept-Encoding: gzip\r\n";
    expect((await new CompressedVisit().answer(response(TEXT), lines)).fields["content-encoding"]).toBe("gzip");
  });
});

test("a short body has a length, and a long one comes in chunks", async () => {
  const short = await new CompressedVisit().answer(response(TEXT));
  expect(short.fields["content-length"]).toBe(String(short.body.length));
  expect(short.fields["transfer-encoding"]).toBeUndefined();
  const long = await new CompressedVisit().answer(response(LONG));
  expect(long.fields["transfer-encoding"]).toBe("chunked");
  expect(long.fields["content-length"]).toBeUndefined();
});

describe("nothing is compressed", () => {
  const untouched: readonly [about: string, lines: string, status?: string][] = [
    ["of a type that is not in the list", "Content-Type: image/png\r\n"],
    ["without a type", ""],
    ["with two types", `${TYPE}Content-Type: text/html\r\n`],
    ["of an event stream", "Content-Type: text/event-stream; charset=utf-8\r\n"],
    ["that is encoded", `${TYPE}Content-Encoding: br\r\n`],
    ["that is encoded in an unknown way", `${TYPE}Content-Encoding: aes\r\n`],
    ["that must not be changed", `${TYPE}Cache-Control: public\r\nCache-Control: No-Transform, max-age=1\r\n`],
    ["that is a part", `${TYPE}Content-Range: bytes 0-879/2000\r\n`, "206 Partial Content"],
    ["with a status for parts", TYPE, "206 Partial Content"],
    ["with the range of a part", `${TYPE}Content-Range: bytes 0-879/2000\r\n`],
    ["with Digest", `${TYPE}Digest: sha-256=x\r\n`],
    ["with Content-Digest", `${TYPE}Content-Digest: sha-256=:x:\r\n`],
    ["with Repr-Digest", `${TYPE}Repr-Digest: sha-256=:x:\r\n`],
    ["with Content-MD5", `${TYPE}Content-MD5: x\r\n`],
  ];

  test.for(untouched)("%s", async ([, lines, status]) => {
    const given = response(TEXT, `${lines}ETag: "a"\r\nAccept-Ranges: bytes\r\n`, status);
    const got = await new CompressedVisit().answer(given);
    expect(got.body.toString()).toBe(TEXT);
    expect(got.fields["content-length"]).toBe(String(TEXT.length));
    expect([got.fields["etag"], got.fields["accept-ranges"], got.fields["vary"]]).toEqual(['"a"', "bytes", undefined]);
  });

  test("that is shorter than the threshold", async () => {
    for (const [length, coding] of [
      [99, undefined],
      [100, "gzip"],
    ] as const) {
      const got = await new CompressedVisit().answer(response("x".repeat(length)));
      expect(got.fields["content-encoding"]).toBe(coding);
    }
  });

  test("for a visitor that asks not to change it", async () => {
    const lines = "Accept-Encoding: gzip\r\nCache-Control: no-transform\r\n";
    const got = await new CompressedVisit().answer(response(TEXT), lines);
    expect([got.fields["content-encoding"], got.fields["vary"]]).toEqual([undefined, "Accept-Encoding"]);
  });

  test("that is empty", async () => {
    const got = await new CompressedVisit().answer(response(""));
    expect(got.fields).toMatchObject({ "content-length": "0" });
    expect(got.fields["content-encoding"]).toBeUndefined();
  });

  test("after a protocol switch", () => {
    const { visit } = new CompressedVisit();
    visit.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: chat\r\nAccept-Encoding: gzip\r\n\r\n");
    visit.respond("HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n");
    visit.respond(TEXT);
    expect(visit.connection.take()).toContain(TEXT);
  });
});

describe("a visitor that refuses bodies without a coding (RFC 9110, section 12.5.3)", () => {
  test.for(["gzip, identity;q=0", "gzip, *;q=0"])("%s: gets one also where it would not pay", async (accepted) => {
    for (const given of [response("short"), response(TEXT, "Content-Type: image/png\r\n"), response(TEXT, "")]) {
      const got = await new CompressedVisit().answer(given, `Accept-Encoding: ${accepted}\r\n`);
      expect(got.fields["content-encoding"]).toBe("gzip");
      expect(given.endsWith(decoded(got))).toBe(true);
    }
  });

  test("gets the body as it is if it must not be changed, or no coding is acceptable", async () => {
    const given = response(TEXT, `${TYPE}Cache-Control: no-transform\r\n`);
    const refusing = "Accept-Encoding: gzip, identity;q=0\r\n";
    expect((await new CompressedVisit().answer(given, refusing)).body.toString()).toBe(TEXT);
    expect((await new CompressedVisit().answer(response(TEXT), "Accept-Encoding: *;q=0\r\n")).body.toString()).toBe(
      TEXT,
    );
  });
});

describe("Vary", () => {
  test.for([
    ["", "Accept-Encoding"],
    ["Vary: Origin\r\n", "Origin, Accept-Encoding"],
    ["Vary: Origin, accept-encoding\r\n", "Origin, accept-encoding"],
    ["Vary: *\r\n", "*"],
  ] as const)("%j of the target becomes %j, with compression and without", async ([vary, expected]) => {
    for (const lines of ["Accept-Encoding: gzip\r\n", "Accept-Encoding: identity\r\n", ""]) {
      const got = await new CompressedVisit().answer(response(TEXT, TYPE + vary), lines);
      expect(got.fields["vary"]).toBe(expected);
    }
  });

  test("is part of 304, unless its type shows that the body is never compressed", async () => {
    for (const [type, expected] of [
      ["", "Accept-Encoding"],
      [TYPE, "Accept-Encoding"],
      ["Content-Type: image/png\r\n", undefined],
    ] as const) {
      const got = await new CompressedVisit().answer(`HTTP/1.1 304 Not Modified\r\n${type}\r\n`);
      expect(got.fields["vary"]).toBe(expected);
    }
  });
});

test("HEAD gets the fields that GET gets, without a length", async () => {
  const lines = `${TYPE}ETag: "a"\r\nAccept-Ranges: bytes\r\nX-More: 1\r\n`;
  for (const text of [TEXT, LONG, "short"]) {
    const get = await new CompressedVisit().answer(response(text, lines));
    const head = await new CompressedVisit().answer(response(text, lines).replace(text, ""), undefined, "HEAD");
    const { "content-length": length, "transfer-encoding": _, ...fields } = get.fields;
    expect(head.fields).toEqual(text === "short" ? { ...fields, "content-length": length } : fields);
    expect(head.body).toHaveLength(0);
  }
  const ofChunks = await new CompressedVisit().answer(chunked([]).replace("0\r\n\r\n", ""), undefined, "HEAD");
  expect(ofChunks.fields["content-encoding"]).toBe("gzip");
});

test("a body for HTTP/1.0 ends with the connection", async () => {
  const compressed = new CompressedVisit();
  compressed.ask("Accept-Encoding: gzip\r\nConnection: keep-alive\r\n", "GET", "1.0");
  compressed.visit.upstream.stream.arrive(Buffer.from(response(LONG)));
  while (compressed.visit.connection.state === "open") await new Promise(setImmediate);
  const got = compressed.received;
  expect(got.fields).toMatchObject({ connection: "close", "content-encoding": "gzip" });
  expect(decoded(got)).toBe(LONG);
});

describe("entity tags", () => {
  test.for([
    ['"abc"', 'W/"abc.postern-gzip"'],
    ['W/"abc"', 'W/"abc"'],
    ["abc", undefined],
    ['"a", "b"', undefined],
  ] as const)("%j of a compressed response becomes %j", async ([etag, expected]) => {
    const got = await new CompressedVisit().answer(response(TEXT, `${TYPE}ETag: ${etag}\r\n`));
    expect(got.fields["etag"]).toBe(expected);
    expect(got.fields["accept-ranges"]).toBeUndefined();
  });

  /** The conditions that the target gets. */
  function conditions(lines: string, method = "GET"): string[] {
    const compressed = new CompressedVisit();
    compressed.ask(lines, method);
    return compressed.visit.upstream.stream.text.match(/^(?:If-|Range).*(?=\r)/gim) ?? [];
  }
  const accepting = "Accept-Encoding: gzip\r\n";

  test("are those of the target again in If-None-Match and If-Match", () => {
    expect(conditions(`${accepting}if-none-match: "x", W/"abc.postern-gzip"\r\n`)).toEqual([
      'If-None-Match: "x", "abc"',
    ]);
    expect(conditions(`If-Match: W/"abc.postern-br"\r\nIf-Match: "y"\r\n`, "PUT")).toEqual(['If-Match: "abc", "y"']);
    expect(conditions(`If-None-Match: W/"abc.postern-br"\r\n`, "PUT")).toEqual(['If-None-Match: "abc"']);
  });

  test("stay as they are if they are not marked", () => {
    for (const line of ['If-None-Match: "abc", W/"def"', "If-None-Match: *", 'If-Match: "abc"', "If-None-Match: x"])
      expect(conditions(`${accepting}${line}\r\n`)).toEqual([line]);
  });

  test("of a coding that the visitor does not accept are not confirmed", () => {
    const line = 'If-None-Match: W/"abc.postern-br"';
    expect(conditions(`${accepting}${line}\r\n`)).toEqual([line]);
    expect(conditions(`${line}\r\n`)).toEqual([line]);
  });

  test("of compressed bodies never select a part of the body without compression", () => {
    const lines = ["Range: bytes=10-", 'If-Range: W/"abc.postern-gzip"'];
    expect(conditions(`${accepting}${lines.join("\r\n")}\r\n`)).toEqual(lines);
  });

  test("that another step has changed are taken from it", () => {
    const request = stepRequest({}, { "accept-encoding": "gzip", "if-none-match": 'W/"old.postern-gzip"' });
    request.edit({ names: ["if-none-match"], lines: 'If-None-Match: W/"new.postern-gzip"\r\n' });
    new CompressionStep(OPTIONS).check(request);
    expect(request.changedValue("if-none-match")).toBe('"new"');
  });

  test("of 304 are those that the visitor has", async () => {
    const answer = async (known: string, etag: string): Promise<string | undefined> => {
      const lines = `Accept-Encoding: gzip, br;q=0.5\r\nIf-None-Match: ${known}\r\n`;
      const given = `HTTP/1.1 304 Not Modified\r\nETag: ${etag}\r\n\r\n`;
      return (await new CompressedVisit().answer(given, lines)).fields["etag"];
    };
    expect(await answer('W/"abc.postern-gzip"', '"abc"')).toBe('W/"abc.postern-gzip"');
    expect(await answer('W/"abc.postern-br", W/"abc.postern-gzip"', '"abc"')).toBe('W/"abc.postern-gzip"');
    expect(await answer('W/"abc.postern-br"', '"abc"')).toBe('W/"abc.postern-br"');
    expect(await answer('"abc"', '"abc"')).toBe('"abc"');
    expect(await answer('W/"abc.postern-gzip", "def"', '"def"')).toBe('"def"');
    expect(await answer('W/"abc"', 'W/"abc"')).toBe('W/"abc"');
  });
});

test("the target gets the Accept-Encoding of the visitor, so that it can compress itself", () => {
  const compressed = new CompressedVisit();
  compressed.ask("Accept-Encoding: gzip;q=0.5, br\r\n");
  expect(compressed.visit.upstream.stream.text).toContain("Accept-Encoding: gzip;q=0.5, br\r\n");
});

test("a level beyond the highest one is an error", () => {
  for (const levels of [{ gzip: 7 }, { br: 6 }, { zstd: 4 }, { gzip: 0 }, { gzip: 1.5 }])
    expect(() => new CompressionStep({ ...OPTIONS, levels })).toThrow(RangeError);
});
