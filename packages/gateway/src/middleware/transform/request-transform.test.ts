import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { BODY_QUOTA } from "../../bodies/body-quota.js";
import { DECODING_LIMITS } from "./body-decoder.js";
import { REGEX_LIMITS } from "./regex-threads.js";
import { isComplete, literal, regex, TransformedVisit, type SomeChanges } from "./transformed-visits.suite.js";

const HEAD = "POST /in HTTP/1.1\r\nHost: a.test\r\n";
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const CLEAN: SomeChanges = { remove: ["role"], add: { via: 1 } };

const post = (type: string, body: string, fields = ""): string =>
  `${HEAD}${fields}Content-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

const chunked = (type: string, body: string): string =>
  `${HEAD}Content-Type: ${type}\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n${body.slice(0, 2)}\r\n${(body.length - 2).toString(16)}\r\n${body.slice(2)}\r\n0\r\n\r\n`;

function atOrigin(visit: TransformedVisit): { head: string; body: string } {
  const { text } = visit.upstream.stream;
  const end = text.indexOf("\r\n\r\n") + 4;
  return { head: text.slice(0, end), body: text.slice(end) };
}

/** Waits until the target has got `isEnough`. */
async function delivered(visit: TransformedVisit, isEnough: (body: string) => boolean): Promise<string> {
  const started = performance.now();
  while (performance.now() - started < 60_000) {
    visit.connection.pump();
    if (visit.upstream.streams.length > 0 && isEnough(atOrigin(visit).body)) return atOrigin(visit).body;
    await new Promise(setImmediate);
  }
  throw new Error("the target did not get the body");
}

test.each([
  ["a length", post],
  ["chunks", chunked],
])("a JSON body with %s is edited, wherever it is cut", (_, written) => {
  const request = written("application/json", '{"name":"x","role":"admin","n":1.0e2,"of":{"role":1}}');
  for (let cut = 1; cut <= request.length; cut++) {
    const visit = new TransformedVisit({ request: CLEAN });
    visit.send(request.slice(0, cut));
    if (cut < request.length) visit.send(request.slice(cut));
    const { head, body } = atOrigin(visit);
    expect(body, `cut at ${cut}`).toBe('{"name":"x","n":1.0e2,"of":{},"via":1}');
    expect(head).toContain(`Content-Length: ${body.length}\r\n`);
    visit.respond(OK);
    expect(visit.connection.take()).toMatch(/^HTTP\/1\.1 200 /);
  }
});

test("text is replaced, and fields that describe the bytes are dropped", () => {
  const visit = new TransformedVisit({ request: { replace: [literal("v1", "v2")] } });
  visit.send(post("text/plain", "use v1 or v11", "Digest: a\r\nContent-MD5: b\r\nX-Kept: 1\r\n"));
  expect(atOrigin(visit).body).toBe("use v2 or v21");
  expect(atOrigin(visit).head).toMatch(/X-Kept: 1/);
  expect(atOrigin(visit).head).not.toMatch(/digest|md5/i);
});

test.each(["image/png", "multipart/form-data; boundary=b"])("a body of the type %s passes as it is", (type) => {
  const visit = new TransformedVisit({ request: { replace: [literal("v1", "v2")], remove: ["a"] } });
  visit.send(post(type, 'v1{"a":1}', "Content-Encoding: unknown\r\n"));
  expect(atOrigin(visit).body).toBe('v1{"a":1}');
  expect(atOrigin(visit).head).toContain("Content-Encoding: unknown");
});

test("a visitor cannot hide the type or the coding by repeating the field", () => {
  const twice = new TransformedVisit({ request: CLEAN });
  twice.send(post("application/json", '{"role":1}', "Content-Type: text/plain\r\n"));
  expect(atOrigin(twice).body).toBe('{"via":1}');
  const coded = new TransformedVisit({ request: CLEAN });
  coded.send(post("application/json", '{"role":1}', "Content-Encoding: identity\r\nContent-Encoding: compress\r\n"));
  expect(coded.connection.take()).toMatch(/^HTTP\/1\.1 415 /);
  const spelled = new TransformedVisit({ request: CLEAN });
  spelled.send(post("Application/JSON ; Charset=UTF-8", '{"role":1}'));
  expect(atOrigin(spelled).body).toBe('{"via":1}');
});

describe("what cannot be changed reaches no target", () => {
  test.each([
    ["no JSON", post("application/json", '{"role":1'), "400"],
    ["two texts", post("application/json", '{}{"role":1}'), "400"],
    ["an unknown coding", post("application/json", "{}", "Content-Encoding: compress\r\n"), "415"],
    ["two codings", post("application/json", "{}", "Content-Encoding: gzip, br\r\n"), "415"],
    ["an unknown charset", post("application/json; charset=utf-32", "{}"), "415"],
    ["too many levels", post("application/json", "[".repeat(20_000)), "400"],
  ])("%s", (_, request, status) => {
    const visit = new TransformedVisit({ request: CLEAN });
    visit.send(request);
    expect(visit.connection.take()).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(visit.upstream.streams).toHaveLength(0);
    expect(visit.upstream.finished).toHaveLength(1);
    expect(visit.warnings[0]).toMatch(/^A request of \/api was refused, because /);
  });

  test("but a visitor that goes on after that is served", () => {
    const visit = new TransformedVisit({ request: CLEAN });
    visit.send(post("application/json", "{") + post("application/json", "{}"));
    expect(visit.connection.take()).toMatch(/^HTTP\/1\.1 400 /);
    expect(atOrigin(visit).body).toBe('{"via":1}');
  });

  test("and the reasons are reported once a minute", () => {
    const visit = new TransformedVisit({ request: CLEAN });
    for (let n = 0; n < 3; n++) visit.send(post("application/json", "{"));
    expect(visit.warnings).toHaveLength(1);
    visit.pass(60_000);
    const another = post("application/json", "{");
    visit.send(another);
    expect(visit.warnings).toHaveLength(visit.connection.state === "open" ? 2 : 1);
  });
});

describe.each([
  ["gzip", gzipSync],
  ["deflate", deflateSync],
  ["br", brotliCompressSync],
  ["zstd", zstdCompressSync],
] as const)("a body in %s", (coding, encode) => {
  const head = (length: number): Buffer =>
    Buffer.from(
      `${HEAD}Content-Type: application/json\r\nContent-Encoding: ${coding}\r\nContent-Length: ${length}\r\n\r\n`,
    );

  test("is decoded and edited", async () => {
    const visit = new TransformedVisit({ request: CLEAN });
    const coded = encode(Buffer.from('{"role":1,"a":[]}'));
    visit.sendBytes(Buffer.concat([head(coded.length), coded]));
    expect(await delivered(visit, (body) => body !== "")).toBe('{"a":[],"via":1}');
    expect(atOrigin(visit).head).not.toMatch(/content-encoding/i);
    visit.respond(OK);
    expect(visit.connection.take()).toMatch(/^HTTP\/1\.1 200 /);
  });

  test("that is damaged is refused", async () => {
    const visit = new TransformedVisit({ request: CLEAN });
    const coded = encode(Buffer.from('{"role":1}')).subarray(0, -1);
    visit.sendBytes(Buffer.concat([head(coded.length), coded]));
    expect(await visit.taken(isComplete)).toMatch(/^HTTP\/1\.1 400 /);
    expect(visit.upstream.streams).toHaveLength(0);
  });

  test("that is a bomb is cut off: the target never gets its end", async () => {
    const visit = new TransformedVisit({ request: CLEAN });
    const coded = encode(
      Buffer.concat([Buffer.from('["'), Buffer.alloc(3 * DECODING_LIMITS.extra, "x"), Buffer.from('"]')]),
    );
    visit.sendBytes(Buffer.concat([head(coded.length), coded]));
    expect(await visit.taken(isComplete)).toMatch(/^HTTP\/1\.1 413 /);
    expect(visit.upstream.stream.state).toBe("reset");
    expect(atOrigin(visit).body).not.toContain("0\r\n\r\n");
  });
});

test("while the target takes nothing, a compressed body is not decoded any further", async () => {
  const visit = new TransformedVisit({ request: { replace: [literal("a", "b")] } });
  const coded = gzipSync(Buffer.alloc(8_000_000, "x"));
  const send = visit.upstream.dial.bind(visit.upstream);
  visit.upstream.dial = () => Object.assign(send(), { isFull: true });
  visit.sendBytes(
    Buffer.concat([
      Buffer.from(
        `${HEAD}Content-Type: text/plain\r\nContent-Encoding: gzip\r\nContent-Length: ${coded.length}\r\n\r\n`,
      ),
      coded,
    ]),
  );
  await delivered(visit, (body) => body.length > 0);
  for (let turn = 0; turn < 200; turn++) await new Promise(setImmediate);
  expect(atOrigin(visit).body.length).toBeLessThan(1_000_000);
  visit.upstream.stream.isFull = false;
  visit.upstream.stream.handler.onDrain();
  const body = await delivered(visit, (each) => each.endsWith("\r\n0\r\n\r\n"));
  expect(body.match(/x/g)).toHaveLength(8_000_000);
});

describe("regular expressions", () => {
  const masked: SomeChanges = { replace: [regex("[0-9]{4}", "####")] };

  test("change the whole body", async () => {
    const visit = new TransformedVisit({ request: masked });
    for (const part of chunked("text/plain", "pin 1234, tel 567").match(/[^]{1,9}/g)!) visit.send(part);
    expect(await delivered(visit, (body) => body !== "")).toBe("pin ####, tel 567");
    expect(BODY_QUOTA.used).toBe(0);
  });

  test("do not change bodies that are too large, or not UTF-8", async () => {
    const large = new TransformedVisit({ request: masked });
    large.send(post("text/plain", "x".repeat(REGEX_LIMITS.body + 1)));
    expect(await large.taken(isComplete)).toMatch(/^HTTP\/1\.1 413 /);
    const binary = new TransformedVisit({ request: masked });
    binary.sendBytes(Buffer.concat([Buffer.from(post("text/plain", "xx").slice(0, -2)), Buffer.from([0xff, 0xfe])]));
    expect(await binary.taken(isComplete)).toMatch(/^HTTP\/1\.1 400 /);
    expect(BODY_QUOTA.used).toBe(0);
    expect([large, binary].map(({ upstream }) => upstream.streams.length)).toEqual([0, 0]);
  });

  test("have their share of the memory for bodies only", async () => {
    const payer = { visitor: "other" };
    expect(BODY_QUOTA.take(payer, 16 * 1024 * 1024)).toBe(true);
    const others = ["2", "3"].map((n) => ({ visitor: n }));
    for (const each of others) expect(BODY_QUOTA.take(each, 16 * 1024 * 1024)).toBe(true);
    const own = { visitor: "192.0.2.1" };
    expect(BODY_QUOTA.take(own, 16 * 1024 * 1024)).toBe(true);
    const visit = new TransformedVisit({ request: masked });
    visit.send(post("text/plain", "1234"));
    expect(await visit.taken(isComplete)).toMatch(/^HTTP\/1\.1 503 /);
    for (const each of [payer, ...others, own]) BODY_QUOTA.give(each, 16 * 1024 * 1024);
    expect(BODY_QUOTA.used).toBe(0);
  });
});
