import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import {
  Cleanup,
  echoed,
  fieldValues,
  Origin,
  patternHash,
  patternStream,
  Published,
  ScriptedOrigin,
  ServerProcess,
  startEchoOrigin,
} from "@postern/testkit";

const cleanup = new Cleanup();
let server: ServerProcess;
let echo: Origin;
let site: Published;

beforeAll(async () => {
  server = await ServerProcess.start(cleanup.defer);
  echo = await startEchoOrigin(cleanup.defer);
  site = await Published.start(cleanup.defer, echo.port, { server, subdomain: "web" });
});
afterAll(() => cleanup.run());

let script: ScriptedOrigin;
let scripted: Published;
beforeAll(async () => {
  script = await ScriptedOrigin.start(cleanup.defer);
  scripted = await Published.start(cleanup.defer, script.port, { server, subdomain: "script" });
});

test("an upload with a length and a chunked upload arrive unchanged", async () => {
  const bytes = 300_000;
  const headers = { "content-length": String(bytes) };
  const counted = echoed(await site.visit("/", { method: "PUT", headers, body: patternStream(bytes) }));
  const chunked = echoed(await site.visit("/", { method: "POST", body: patternStream(bytes) }));
  expect(fieldValues(chunked.rawHeaders, "transfer-encoding")).toEqual(["chunked"]);
  for (const { body } of [counted, chunked]) expect(body).toMatchObject({ bytes, sha256: patternHash(bytes) });
});

test("a chunked response arrives completely, with any chunk sizes", async () => {
  const wire = await scripted.ask(onTestFinished, "GET /chunks");
  const origin = await script.wire("/chunks");
  origin.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  origin.write("5\r\nhello\r\n1\r\n \r\n");
  await wire.read((text) => text.includes("hello"));
  origin.write("0000A\r\nwide world\r\n0\r\n\r\n");
  expect(await wire.read("0\r\n\r\n")).toMatch(/transfer-encoding: chunked/i);
  expect(dechunked(wire.text)).toBe("hello wide world");
});

test("a response that ends with the origin's connection is complete for the visitor", async () => {
  const response = scripted.visit("/until-close");
  const origin = await script.wire("/until-close");
  origin.write("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nas long as ");
  origin.write("it takes");
  origin.finish();
  expect((await response).body.toString()).toBe("as long as it takes");
});

test("HEAD, 204 and 304 have no body, and the connection stays usable", async () => {
  const wire = await scripted.wire(onTestFinished);
  const heads: [string, string][] = [
    ["HEAD /head", "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"],
    ["GET /no-content", "HTTP/1.1 204 No Content\r\n\r\n"],
    ["GET /not-modified", 'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\nContent-Length: 1000\r\n\r\n'],
    ["GET /last", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nend"],
  ];
  for (const [first, response] of heads) {
    const before = wire.text.length;
    wire.write(`${first} HTTP/1.1\r\nHost: ${scripted.host}\r\n\r\n`);
    (await script.wire(first)).write(response);
    await wire.read((text) => text.slice(before).includes("\r\n\r\n"));
  }
  const responses = (await wire.read("\r\n\r\nend")).split("\r\n\r\n");
  expect(responses.map((part) => part.split("\r\n")[0])).toEqual([
    "HTTP/1.1 200 OK",
    "HTTP/1.1 204 No Content",
    "HTTP/1.1 304 Not Modified",
    "HTTP/1.1 200 OK",
    "end",
  ]);
  expect(responses[0]).toMatch(/content-length: 1000/i);
  expect(responses[2]).toMatch(/etag: "x"/i);
});

test("pipelined requests are answered in order", async () => {
  const wire = await site.wire(onTestFinished);
  const requests = ["/one", "/two", "/three"].map((path) => `GET ${path} HTTP/1.1\r\nHost: ${site.host}\r\n\r\n`);
  wire.write(requests.join(""));
  const text = await wire.read('"url":"/three"');
  expect(text.match(/"url":"[^"]*"/g)).toEqual(['"url":"/one"', '"url":"/two"', '"url":"/three"']);
});

test("the origin's 100 Continue reaches a visitor that expects it", async () => {
  const wire = await site.ask(onTestFinished, "POST /expect", "Content-Length: 4", "Expect: 100-continue");
  await wire.read("HTTP/1.1 100 Continue\r\n\r\n");
  wire.write("body");
  expect(await wire.read('"text":"body"')).toMatch(/HTTP\/1\.1 200 OK/);
});

test("an origin's early refusal of an upload arrives, although the origin stops reading", async () => {
  const wire = await scripted.ask(onTestFinished, "PUT /too-large", "Content-Length: 50000000");
  const origin = await script.wire("/too-large");
  wire.write(Buffer.alloc(2_000_000));
  origin.write("HTTP/1.1 413 Content Too Large\r\nContent-Length: 9\r\nConnection: close\r\n\r\ntoo large");
  origin.finish();
  expect(await wire.read("too large")).toMatch(/^HTTP\/1\.1 413 /);
});

function dechunked(response: string): string {
  let rest = response.slice(response.indexOf("\r\n\r\n") + 4);
  let body = "";
  for (;;) {
    const end = rest.indexOf("\r\n");
    const size = Number.parseInt(rest.slice(0, end), 16);
    if (size === 0) return body;
    body += rest.slice(end + 2, end + 2 + size);
    rest = rest.slice(end + 2 + size + 2);
  }
}
