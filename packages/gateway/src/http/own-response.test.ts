import { describe, expect, test } from "vitest";
import { type ResponseContext, noticeResponse, replyResponse, writeOwnResponse } from "./own-response.js";
import { type Refusal, refusals } from "./refusal.js";
import { ResponseHead } from "./response-head.js";

interface Answer {
  line: string;
  fields: Map<string, string>;
  body: string;
}

function answer(refusal: Refusal, context: Partial<ResponseContext> = {}): Answer {
  const text = writeOwnResponse(refusal, { close: false, ...context }).toString("utf8");
  const end = text.indexOf("\r\n\r\n");
  const [line = "", ...lines] = text.slice(0, end).split("\r\n");
  const fields = new Map(lines.map((field) => field.split(": ", 2) as [string, string]));
  return { line, fields, body: text.slice(end + 4) };
}

const BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8";

describe("form", () => {
  test.each([
    ["", "text/plain"],
    ["*/*", "text/plain"],
    [BROWSER, "text/html"],
    ["application/json", "application/json"],
    ["application/json, text/plain, */*", "application/json"],
    ["text/html;q=0.5, application/json", "application/json"],
    ["text/html;q=0, */*", "text/plain"],
    ["TEXT/HTML ; Q=0.7", "text/html"],
    ["text/html;q=much", "text/plain"],
    ["image/png", "text/plain"],
  ])("Accept: %s", (accept, type) => {
    const { fields, body } = answer(refusals.PN_TUNNEL_UNKNOWN, { accept });
    expect(fields.get("Content-Type")).toBe(`${type}; charset=utf-8`);
    expect(Number(fields.get("Content-Length"))).toBe(Buffer.byteLength(body));
  });

  test("JSON has the same content in fields", () => {
    const { body } = answer(refusals.PN_TUNNEL_AWAY, { accept: "application/json", requestId: "r1" });
    const { status, code, message, retryable } = refusals.PN_TUNNEL_AWAY;
    expect(JSON.parse(body)).toEqual({ error: { status, code, message, retryable, request_id: "r1" } });
  });

  test("plain text has the same content in a few lines", () => {
    const { body } = answer(refusals.PN_TUNNEL_AWAY, { requestId: "r1" });
    expect(body).toBe(`503 Service Unavailable\n${refusals.PN_TUNNEL_AWAY.message}\n\nPN_TUNNEL_AWAY · request r1\n`);
  });

  test("the page names status, reason, message, code and request, and loads no other file", () => {
    const { body, fields } = answer(refusals.PN_HTTP_CODING, { accept: BROWSER, requestId: "r1" });
    for (const part of ["501", "Not Implemented", "<code>chunked</code>", "PN_HTTP_CODING", "r1"])
      expect(body).toContain(part);
    expect(body).not.toMatch(/<script|src=|href=|url\(|@import/);
    expect(fields.get("Content-Security-Policy")).toMatch(/^default-src 'none'; style-src 'sha256-/);
  });

  test("text is never markup", () => {
    const odd: Refusal = { code: "PN_X", status: 400, message: `<b>&"'`, retryable: false };
    const { body } = answer(odd, { accept: BROWSER, requestId: "<i>" });
    expect(body).toContain("&lt;b&gt;&amp;&quot;&#39;");
    expect(body).not.toMatch(/<b>&|<i>/);
  });
});

describe("a link", () => {
  const refusal: Refusal = { ...refusals.PN_TUNNEL_UNKNOWN, link: { text: "Try <again>", href: '/x?a=1&b="2"' } };

  test("is part of the page", () => {
    const { body } = answer(refusal, { accept: BROWSER });
    expect(body).toContain('<p><a href="/x?a=1&amp;b=&quot;2&quot;">Try &lt;again&gt;</a></p>');
    expect(answer(refusals.PN_TUNNEL_UNKNOWN, { accept: BROWSER }).body).not.toContain("<a ");
  });

  test("is a line of the text", () => {
    expect(answer(refusal).body).toContain('\nTry <again>: /x?a=1&b="2"\n');
  });
});

describe("head", () => {
  test("code, request and Retry-After", () => {
    const { line, fields } = answer(refusals.PN_TUNNEL_AWAY, { requestId: "r1" });
    expect(line).toBe("HTTP/1.1 503 Service Unavailable");
    expect(Object.fromEntries(fields)).toMatchObject({
      "Postern-Error": "PN_TUNNEL_AWAY",
      "X-Request-Id": "r1",
      "Retry-After": "5",
      "Cache-Control": "no-store",
      "X-Content-Type-Options": "nosniff",
    });
    expect(answer(refusals.PN_TUNNEL_AWAY, { retryAfter: 30 }).fields.get("Retry-After")).toBe("30");
    expect(answer(refusals.PN_TUNNEL_UNKNOWN).fields.has("Retry-After")).toBe(false);
  });

  test("Date", () => {
    const now = new Date(0);
    expect(answer(refusals.PN_TUNNEL_UNKNOWN, { now }).fields.get("Date")).toBe("Thu, 01 Jan 1970 00:00:00 GMT");
  });

  test.each([
    [1, false, undefined],
    [1, true, "close"],
    [0, false, "keep-alive"],
    [0, true, "close"],
  ] as const)("HTTP/1.%i, close: %s", (visitorMinor, close, connection) => {
    expect(answer(refusals.PN_TUNNEL_UNKNOWN, { visitorMinor, close }).fields.get("Connection")).toBe(connection);
  });

  test("fields that the status requires, and Connection names Upgrade", () => {
    const odd: Refusal = { ...refusals.PN_HTTP_VERSION, status: 426, fields: { Upgrade: "websocket" } };
    for (const [close, connection] of [
      [false, "Upgrade"],
      [true, "Upgrade, close"],
    ] as const)
      expect(Object.fromEntries(answer(odd, { close }).fields)).toMatchObject({
        Upgrade: "websocket",
        Connection: connection,
      });
  });

  test("the response to HEAD equals the head of the response to GET", () => {
    const get = answer(refusals.PN_TUNNEL_UNKNOWN, { accept: BROWSER });
    expect(answer(refusals.PN_TUNNEL_UNKNOWN, { accept: BROWSER, headOnly: true })).toEqual({ ...get, body: "" });
  });

  test.each(Object.values(refusals))("$code is a response that ResponseHead accepts", (refusal) => {
    for (const accept of ["", BROWSER, "application/json"]) {
      const bytes = writeOwnResponse(refusal, { accept, close: false, now: new Date(0), requestId: "r1" });
      const head = new ResponseHead();
      const length = head.read(bytes, 0, bytes.length, "GET", "");
      expect(head).toMatchObject({ status: refusal.status, body: "length", contentLength: bytes.length - length });
    }
  });
});

describe("a notice", () => {
  const notice = { title: "Postern", message: "Run `postern http`." };

  test.each([
    ["text/html", "<h1>Postern</h1>\n<p>Run <code>postern http</code>.</p>\n<small>request r1</small>"],
    ["application/json", JSON.stringify({ ...notice, request_id: "r1" })],
    ["text/plain", "Postern\nRun `postern http`.\n\nrequest r1\n"],
  ])("as %s is no error", (accept, text) => {
    const { status, fields, body } = noticeResponse(notice, { accept, requestId: "r1", close: true });
    expect([status, fields["Postern-Error"], fields["Connection"]]).toEqual([200, undefined, "close"]);
    expect(body.toString()).toContain(text);
  });
});

describe("a reply", () => {
  const read = (bytes: Buffer, method = "GET"): ResponseHead => {
    const head = new ResponseHead();
    expect(head.read(bytes, 0, bytes.length, method, "")).toBeGreaterThan(0);
    return head;
  };

  test("is the configured text and nothing else", () => {
    const { status, fields, body } = replyResponse({ status: 410, text: "Gone.\n" }, { requestId: "r1", close: false });
    expect([status, body.toString()]).toEqual([410, "Gone.\n"]);
    expect(fields).toEqual({
      "Content-Type": "text/plain; charset=utf-8",
      "Content-Length": "6",
      "X-Request-Id": "r1",
    });
  });

  test("can have another type, a location and more fields", () => {
    const reply = { status: 200, text: "{}", type: "application/json", fields: { "Cache-Control": "no-store" } };
    expect(replyResponse(reply, { close: true, location: "/x" }).fields).toEqual({
      "Content-Type": "application/json",
      "Content-Length": "2",
      Location: "/x",
      "Cache-Control": "no-store",
      Connection: "close",
    });
  });

  test.each([
    [204, "none", -1],
    [304, "none", -1],
    [302, "length", 0],
    [200, "length", 0],
  ] as const)("with status %i and no text has a body of the kind %s", (status, body, contentLength) => {
    const bytes = writeOwnResponse({ status, text: status === 204 ? "dropped" : "" }, { close: false });
    expect(read(bytes)).toMatchObject({ status, body, contentLength });
    expect(bytes.toString()).not.toContain("dropped");
  });
});
