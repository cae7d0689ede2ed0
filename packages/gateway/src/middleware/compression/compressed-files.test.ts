import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { Site, type Received } from "../../visitor/file-visits.suite.js";
import { stepsOf } from "../chain/scripted-steps.suite.js";
import { decoded, OPTIONS } from "./compressed-visits.suite.js";
import { CompressionStep } from "./compression-step.js";

const SHORT = "body { color: black }\n".repeat(20);
const LONG = Array.from({ length: 60_000 }, (_, n) => `line ${n * 7_919}\n`).join("");
const TWIN = gzipSync("the twin");
const accepting = "Accept-Encoding: gzip\r\n";

const site = (): Site =>
  new Site(
    { "a.css": SHORT, "long.txt": LONG, "app.js": SHORT, "app.js.gz": TWIN, "a.png": SHORT },
    { steps: stepsOf(new CompressionStep({ ...OPTIONS, types: ["text/*"] })) },
  );

function textOf(got: Received): string {
  const chunks = got.fields["transfer-encoding"] === "chunked" ? joined(got.body) : got.body;
  return decoded({ ...got, body: Buffer.from(chunks, "latin1"), isComplete: true });
}

function joined(chunks: string): string {
  let text = "";
  for (let at = 0; ;) {
    const line = chunks.indexOf("\r\n", at);
    const size = parseInt(chunks.slice(at, line), 16);
    if (size === 0) return text;
    text += chunks.slice(line + 2, line + 2 + size);
    at = line + 4 + size;
  }
}

test("files are compressed, from those in memory to those that are read while they are sent", async () => {
  for (const [path, text] of [
    ["/a.css", SHORT],
    ["/long.txt", LONG],
  ] as const) {
    const got = await site().get(path, accepting);
    expect(got.fields).toMatchObject({ "content-encoding": "gzip", vary: "Accept-Encoding" });
    expect(got.fields["accept-ranges"]).toBeUndefined();
    expect(textOf(got)).toBe(text);
  }
});

test("a stored twin is sent as it is, with one Vary", async () => {
  const got = await site().get("/app.js", accepting);
  expect([got.fields["content-encoding"], got.fields["vary"]]).toEqual(["gzip", "Accept-Encoding"]);
  expect(got.body).toBe(TWIN.toString("latin1"));
});

test("a file of a type that does not get shorter is sent as it is", async () => {
  const got = await site().get("/a.png", accepting);
  expect([got.fields["content-encoding"], got.body]).toEqual([undefined, SHORT]);
});

test("a visitor that has a compressed file gets 304 with the tag that it knows", async () => {
  const files = site();
  await files.get("/a.css");
  files.settle();
  const { etag } = (await files.get("/a.css", accepting)).fields;
  expect(etag).toMatch(/^W\/".*\.postern-gzip"$/);
  const again = await files.get("/a.css", `${accepting}If-None-Match: ${etag}\r\n`);
  expect([again.status, again.fields["etag"], again.fields["vary"]]).toEqual([304, etag, "Accept-Encoding"]);
  expect((await files.get("/a.css", `If-None-Match: ${etag}\r\n`)).status).toBe(200);
  expect((await files.get("/a.css", `If-Match: ${etag}\r\n`)).status).toBe(200);
  expect((await files.get("/a.css", 'If-Match: W/"other.postern-gzip"\r\n')).status).toBe(412);
});

test("ranges are those of the file without compression, also with the tag of a compressed one", async () => {
  const files = site();
  await files.get("/a.css");
  files.settle();
  const { etag } = (await files.get("/a.css", accepting)).fields;
  const part = await files.get("/a.css", `${accepting}Range: bytes=0-3\r\n`);
  expect([part.status, part.body, part.fields["content-encoding"]]).toEqual([206, "body", undefined]);
  const whole = await files.get("/a.css", `${accepting}Range: bytes=4-\r\nIf-Range: ${etag}\r\n`);
  expect([whole.status, textOf(whole)]).toEqual([200, SHORT]);
});
