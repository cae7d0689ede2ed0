import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { Cleanup, Origin, Published, startEchoOrigin, SteadyVisitor } from "@postern/testkit";

const cleanup = new Cleanup();
let echo: Origin;
let site: Published;

beforeAll(async () => {
  echo = await startEchoOrigin(cleanup.defer);
  site = await Published.start(cleanup.defer, echo.port, { subdomain: "web" });
});
afterAll(() => cleanup.run());

/**
 * Sends these bytes as a visitor, waits for the end of the connection, and returns the response. Checks that the origin
 * received nothing.
 */
async function refusedFor(bytes: string): Promise<string> {
  const before = echo.requests.length;
  const wire = await site.wire(onTestFinished);
  wire.write(bytes);
  await wire.over();
  expect((await site.visit("/still-fine")).status).toBe(200);
  expect(echo.requests.slice(before).map(({ url }) => url)).toEqual(["/still-fine"]);
  return wire.text;
}

const refusal = (status: number, code: string): RegExp =>
  new RegExp(`^HTTP/1\\.1 ${status} [^]*\\r\\nPostern-Error: ${code}\\r\\n[^]*$`);

describe("limits on heads", () => {
  const fields = (count: number): string => Array.from({ length: count }, (_, number) => `X-${number}: 1\r\n`).join("");

  test("two hundred fields pass, one more is refused", async () => {
    const wire = await site.wire(onTestFinished);
    wire.write(`GET /many HTTP/1.1\r\nHost: ${site.host}\r\n${fields(199)}\r\n`);
    expect(await wire.read("\r\n\r\n")).toMatch(/^HTTP\/1\.1 200 OK/);
    expect(await refusedFor(`GET / HTTP/1.1\r\nHost: ${site.host}\r\n${fields(200)}\r\n`)).toMatch(
      refusal(431, "PN_HTTP_HEAD_TOO_LARGE"),
    );
  });

  test("a head of almost 32 KiB passes; a larger one is refused, with one field or many, complete or not", async () => {
    const wire = await site.wire(onTestFinished);
    wire.write(`GET /large HTTP/1.1\r\nHost: ${site.host}\r\nX-Large: ${"x".repeat(32_000)}\r\n\r\n`);
    expect(await wire.read("\r\n\r\n")).toMatch(/^HTTP\/1\.1 200 OK/);
    const start = `GET / HTTP/1.1\r\nHost: ${site.host}\r\n`;
    const many = `X-Many: ${"x".repeat(990)}\r\n`.repeat(34);
    for (const head of [`${start}X-Large: ${"x".repeat(32_768)}\r\n\r\n`, `${start}${many}\r\n`, `${start}${many}`])
      expect(await refusedFor(head)).toMatch(refusal(431, "PN_HTTP_HEAD_TOO_LARGE"));
  });

  test("a request line that is too long has its own error", async () => {
    expect(await refusedFor(`GET /${"a".repeat(40_000)} HTTP/1.1\r\n`)).toMatch(
      refusal(414, "PN_HTTP_REQUEST_LINE_TOO_LONG"),
    );
  });

  test(
    "a head that is incomplete ten seconds after its first byte is refused, even while bytes arrive",
    { timeout: 60_000 },
    async () => {
      const steady = await SteadyVisitor.start(onTestFinished, site.port, site.host);
      const wire = await site.wire(onTestFinished);
      wire.write(`GET /slow HTTP/1.1\r\nHost: ${site.host}\r\n`);
      const dripping = setInterval(() => wire.write("X"), 200);
      onTestFinished(() => clearInterval(dripping));
      await wire.over();
      expect(wire.text).toMatch(refusal(408, "PN_HTTP_HEAD_TIMEOUT"));
      await steady.stopAndCheck();
    },
  );
});

describe("an ambiguous request is refused, and its connection ends", () => {
  test.for<[string, string, number, string]>([
    [
      "two lengths",
      "POST / HTTP/1.1\r\nHost: H\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
      400,
      "PN_HTTP_CONTENT_LENGTH",
    ],
    ["a signed length", "POST / HTTP/1.1\r\nHost: H\r\nContent-Length: +1\r\n\r\na", 400, "PN_HTTP_CONTENT_LENGTH"],
    [
      "a length beside chunks",
      "POST / HTTP/1.1\r\nHost: H\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      400,
      "PN_HTTP_FRAMING",
    ],
    [
      "chunks in HTTP/1.0",
      "POST / HTTP/1.0\r\nHost: H\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      400,
      "PN_HTTP_TRANSFER_ENCODING",
    ],
    [
      "another coding",
      "POST / HTTP/1.1\r\nHost: H\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
      501,
      "PN_HTTP_CODING",
    ],
    ["a bare line feed", "GET / HTTP/1.1\nHost: H\n\n", 400, "PN_HTTP_LINE_END"],
    ["a folded line", "GET / HTTP/1.1\r\nHost: H\r\nX-A: 1\r\n 2\r\n\r\n", 400, "PN_HTTP_FOLDED"],
    ["a space before the colon", "GET / HTTP/1.1\r\nHost: H\r\nX-A : 1\r\n\r\n", 400, "PN_HTTP_FIELD_NAME"],
    ["a zero byte", "GET / HTTP/1.1\r\nHost: H\r\nX-A: \u0000\r\n\r\n", 400, "PN_HTTP_FIELD_VALUE"],
    ["two hosts", "GET / HTTP/1.1\r\nHost: H\r\nHost: other.localhost\r\n\r\n", 400, "PN_HTTP_HOST_REPEATED"],
    ["no host", "GET / HTTP/1.1\r\n\r\n", 400, "PN_HTTP_HOST_MISSING"],
    [
      "an address of another host",
      "GET http://other.localhost/ HTTP/1.1\r\nHost: H\r\n\r\n",
      400,
      "PN_HTTP_HOST_MISMATCH",
    ],
    ["TRACE", "TRACE / HTTP/1.1\r\nHost: H\r\n\r\n", 501, "PN_HTTP_METHOD"],
    ["CONNECT", "CONNECT H HTTP/1.1\r\nHost: H\r\n\r\n", 501, "PN_HTTP_METHOD"],
    [
      "another expectation",
      "POST / HTTP/1.1\r\nHost: H\r\nExpect: miracles\r\nContent-Length: 1\r\n\r\na",
      417,
      "PN_HTTP_EXPECTATION",
    ],
    ["HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "PN_HTTP_VERSION"],
    ["TLS", "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003", 400, "PN_HTTP_TLS"],
  ])("%s", async ([, bytes, status, code]) => {
    expect(await refusedFor(bytes.replaceAll(/\bH\b(?=\r|\n| HTTP)/g, site.host))).toMatch(refusal(status, code));
  });

  test.for([
    ["a size that overflows", "fffffffffffffffff\r\n"],
    ["no size", "xyz\r\n"],
    ["data longer than its size", "1\r\nab\r\n"],
  ])("a chunked body with %s ends the connection, and no origin sees a complete request", async ([, chunk]) => {
    const wire = await site.ask(onTestFinished, "POST /bad-chunk", "Transfer-Encoding: chunked");
    wire.write(`${chunk}0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: ${site.host}\r\n\r\n`);
    await wire.over();
    expect(wire.text).not.toContain('"bytes"');
    expect((await site.visit("/after")).status).toBe(200);
    expect(echo.requests.map(({ url }) => url)).not.toContain("/smuggled");
  });
});
