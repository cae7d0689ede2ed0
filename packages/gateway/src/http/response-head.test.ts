import { describe, expect, test } from "vitest";
import { acceptedResponses, refusedResponses, type ResponseMeaning } from "../cases.suite.js";
import { head } from "./message.suite.js";
import { ResponseHead, type ResponseOptions } from "./response-head.js";

function ok(...fields: string[]): string {
  return head("HTTP/1.1 200 OK", ...fields);
}

function meaningOf(response: ResponseHead): ResponseMeaning {
  const { status, versionMinor, body, contentLength, keepAlive, keepAliveTimeout, upgrade } = response;
  return { status, versionMinor, body, contentLength, keepAlive, keepAliveTimeout, upgrade };
}

describe("accepted", () => {
  test.each(acceptedResponses)("$name", ({ response: message, method, offered: upgrade, says, passed }) => {
    const before = "0\r\n\r\n";
    const bytes = Buffer.from(`${before}${message}HTTP/1.1 500 Next\r\n\r\n`, "latin1");
    const start = before.length;
    const end = start + message.length;
    const response = new ResponseHead();
    for (let until = start; until < end; until++) {
      expect(response.read(bytes, start, until, method, upgrade), `up to ${until}`).toBe(0);
    }
    for (const until of [end, bytes.length]) {
      expect(response.read(bytes, start, until, method, upgrade)).toBe(message.length);
      expect(meaningOf(response)).toEqual(says);
      expect(response.write({ visitorMinor: 1, close: false }).toString("latin1")).toBe(passed);
    }
  });
});

describe("refused", () => {
  test.each(refusedResponses)("$name", ({ response: message, offered: upgrade, flaw }) => {
    const bytes = Buffer.from(message, "latin1");
    const response = new ResponseHead();
    let seen = 0;
    // The reader waits, then refuses, and keeps refusing. Every byte is checked at first, and fewer steps in a long
    // message.
    for (let end = 0; end < bytes.length; end += 1 + (end >> 6)) {
      const verdict = response.read(bytes, 0, end, "GET", upgrade);
      expect(verdict, `${end} bytes`).toBeLessThanOrEqual(seen);
      seen = verdict;
    }
    expect(response.read(bytes, 0, bytes.length, "GET", upgrade)).toBe(-1);
    expect(response.flaw?.code).toBe(flaw);
    expect(response.refusal).toMatchObject({ code: "PN_ORIGIN_INVALID", status: 502 });
  });

  test("garbage at its first byte", () => {
    expect(new ResponseHead().read(Buffer.from("x"), 0, 1, "GET", "")).toBe(-1);
  });
});

describe("to different visitors", () => {
  function forwarded(message: string, options: ResponseOptions, method = "GET"): string {
    const response = new ResponseHead();
    expect(response.read(Buffer.from(message), 0, message.length, method, "")).toBe(message.length);
    return response.write(options).toString("latin1");
  }

  const length = ok("Content-Length: 5");
  const chunks = ok("Transfer-Encoding: chunked");

  test("HTTP/1.1 gets Connection only when the connection closes", () => {
    expect(forwarded(length, { visitorMinor: 1, close: false })).toBe(length);
    expect(forwarded(length, { visitorMinor: 1, close: true })).toBe(ok("Content-Length: 5", "Connection: close"));
  });

  test("HTTP/1.0 gets it also when the connection stays open", () => {
    expect(forwarded(length, { visitorMinor: 0, close: false })).toBe(
      ok("Content-Length: 5", "Connection: keep-alive"),
    );
    expect(forwarded(length, { visitorMinor: 0, close: true })).toBe(ok("Content-Length: 5", "Connection: close"));
  });

  test("HTTP/1.0 gets the data without chunk framing, until the connection ends", () => {
    expect(forwarded(chunks, { visitorMinor: 0, close: false })).toBe(ok("Connection: close"));
    expect(forwarded(chunks, { visitorMinor: 0, close: false }, "HEAD")).toBe(ok("Connection: keep-alive"));
  });

  test("added lines come after the origin's", () => {
    expect(forwarded(ok("B: 1", "Content-Length: 5"), { visitorMinor: 1, close: true, lines: "Ours: 1\r\n" })).toBe(
      ok("B: 1", "Content-Length: 5", "Ours: 1", "Connection: close"),
    );
  });

  test("interim responses never contain Connection", () => {
    const hints = head("HTTP/1.1 103 Early Hints", "Link: </a>");
    expect(forwarded(hints, { visitorMinor: 1, close: true })).toBe(hints);
  });
});

describe("cookies", () => {
  const shop = ok("Content-Length: 5", "Set-Cookie: a=1", "Set-Cookie: b=1; shared", "set-cookie: c=1; shared", "X: 1");
  const all = {
    isSetBy: (bytes: Buffer, start: number, end: number) => bytes.toString("latin1", start, end).endsWith("shared"),
  };

  test("those of a domain can be dropped; others keep their place", () => {
    const response = new ResponseHead();
    const before = "X: y; shared\r\n";
    const bytes = Buffer.from(before + shop);
    response.read(bytes, before.length, bytes.length, "GET", "");
    expect(response.dropCookies(all)).toBe(true);
    const passed = ok("Set-Cookie: a=1", "X: 1", "Content-Length: 5");
    expect(response.write({ visitorMinor: 1, close: false }).toString()).toBe(passed);
    expect(response.dropCookies(all)).toBe(false);
  });
});

test("a reused object reads every message like a new one", () => {
  const reused = new ResponseHead();
  const gets = refusedResponses.map((row) => ({ ...row, method: "GET" }));
  for (let round = 0; round < 2; round++) {
    for (const { response: message, offered, method } of [...acceptedResponses, ...gets, ...acceptedResponses]) {
      const bytes = Buffer.from(message, "latin1");
      const fresh = new ResponseHead();
      const read = fresh.read(bytes, 0, bytes.length, method, offered);
      expect(reused.read(bytes, 0, bytes.length, method, offered)).toBe(read);
      if (read > 0) expect(meaningOf(reused)).toEqual(meaningOf(fresh));
    }
  }
});
