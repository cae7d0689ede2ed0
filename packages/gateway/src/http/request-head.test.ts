import { describe, expect, test } from "vitest";
import { acceptedRequests, IDENTITY, refusedRequests, type RequestMeaning } from "../cases.suite.js";
import { get, head } from "./message.suite.js";
import { RequestHead } from "./request-head.js";

const OURS = "X-Forwarded-For: 192.0.2.1\r\nX-Request-Id: ours\r\n";

/** Puts a message between bytes that do not belong to it. */
function embedded(message: string): { bytes: Buffer; start: number; end: number } {
  const before = "\r\nX: y\r\n";
  const bytes = Buffer.from(`${before}${message}GET /next HTTP/1.1\r\nHost: b\r\n\r\n`, "latin1");
  return { bytes, start: before.length, end: before.length + message.length };
}

function meaningOf(request: RequestHead): RequestMeaning {
  const { method, path, versionMinor, host, authority, contentLength, chunked } = request;
  const { keepAlive, upgrade, expectContinue, acceptsTrailers, accept } = request;
  // prettier-ignore
  return { method, path, versionMinor, host, authority, contentLength, chunked, keepAlive, upgrade, expectContinue, acceptsTrailers, accept };
}

describe("accepted", () => {
  test.each(acceptedRequests)("$name", ({ request: message, forwarded, says }) => {
    const { bytes, start, end } = embedded(message);
    const request = new RequestHead();
    for (let until = start; until < end; until++) expect(request.read(bytes, start, until), `up to ${until}`).toBe(0);
    for (const until of [end, bytes.length]) {
      expect(request.read(bytes, start, until)).toBe(message.length);
      expect(meaningOf(request)).toEqual(says);
      expect(request.refusal).toBeUndefined();
      expect(request.write(OURS).toString("latin1")).toBe(forwarded.replace(IDENTITY, OURS));
    }
  });

  test("a forwarded head has the same meaning, and is itself forwarded unchanged", () => {
    for (const { request: message } of acceptedRequests) {
      const first = new RequestHead();
      first.read(Buffer.from(message, "latin1"), 0, message.length);
      if (first.host === "") continue;
      const bytes = first.write("");
      const again = new RequestHead();
      expect(again.read(bytes, 0, bytes.length), message).toBe(bytes.length);
      expect(meaningOf(again)).toEqual({ ...meaningOf(first), versionMinor: 1, keepAlive: true });
      expect(again.write("").equals(bytes)).toBe(true);
    }
  });
});

describe("refused, as early as possible", () => {
  test.each(refusedRequests)("$name", ({ request: message, code, status, after }) => {
    const { bytes, start } = embedded(message);
    const request = new RequestHead();
    const step = Math.max(1, Math.floor(after / 500));
    for (let length = 0; length < after; length += step) {
      expect(request.read(bytes, start, start + length), `${length} bytes`).toBe(0);
    }
    expect(request.read(bytes, start, start + after - 1), "one byte less").toBe(0);
    for (const end of [start + after, start + message.length, bytes.length]) {
      expect(request.read(bytes, start, end)).toBe(-1);
      expect(request.refusal).toMatchObject({ code, status });
      expect(request.keepAlive).toBe(false);
    }
  });
});

describe("limits", () => {
  function read(message: string, limits?: { bytes: number; fields: number }): number {
    return new RequestHead(limits).read(Buffer.from(message), 0, message.length);
  }

  test("a head of 32 KiB passes, one byte more does not", () => {
    const filler = 32_768 - get("B: ").length;
    expect(read(get(`B: ${"x".repeat(filler)}`))).toBe(32_768);
    expect(read(get(`B: ${"x".repeat(filler + 1)}`))).toBe(-1);
  });

  test("200 fields pass, one more does not", () => {
    const fields = Array.from({ length: 199 }, (_, n) => `B${n}: 1`);
    expect(read(get(...fields))).toBeGreaterThan(0);
    expect(read(get(...fields, "C: 1"))).toBe(-1);
  });

  test("both can be set", () => {
    expect(read(get(), { bytes: get().length, fields: 1 })).toBe(get().length);
    expect(read(get(), { bytes: get().length - 1, fields: 1 })).toBe(-1);
    expect(read(get("B: 1"), { bytes: 1_000, fields: 1 })).toBe(-1);
  });
});

describe("reuse", () => {
  test("a reused object reads every message like a new one", () => {
    const reused = new RequestHead();
    for (let round = 0; round < 2; round++) {
      for (const { request: message } of [...acceptedRequests, ...refusedRequests, ...acceptedRequests.toReversed()]) {
        const bytes = Buffer.from(message, "latin1");
        const fresh = new RequestHead();
        const length = fresh.read(bytes, 0, bytes.length);
        expect(reused.read(bytes, 0, bytes.length)).toBe(length);
        expect(reused.refusal).toEqual(fresh.refusal);
        if (length <= 0) continue;
        expect(meaningOf(reused)).toEqual(meaningOf(fresh));
        expect(reused.write(OURS).equals(fresh.write(OURS))).toBe(true);
      }
    }
  });

  test("after a refusal, nothing remains of the previous request", () => {
    const request = new RequestHead();
    const first = Buffer.from(head("HEAD /secret HTTP/1.0", "Host: a", "Accept: text/html"));
    expect(request.read(first, 0, first.length)).toBe(first.length);
    const second = Buffer.from("\x16\x03\x01 and then some more bytes that are no request at all");
    expect(request.read(second, 0, second.length)).toBe(-1);
    expect(request).toMatchObject({ method: "", accept: "", keepAlive: false });
  });

  test("fields understood before a refusal can be used for the response", () => {
    const message = Buffer.from("HEAD / HTTP/1.0\r\nAccept: text/html\r\nBad Name: 1\r\n");
    const request = new RequestHead();
    expect(request.read(message, 0, message.length)).toBe(-1);
    expect(request).toMatchObject({ method: "HEAD", versionMinor: 0, accept: "text/html" });
  });

  test.for(["release", "shrink"] as const)("%s drops the bytes, and the object can be used again", (drop) => {
    const request = new RequestHead();
    const message = Buffer.from(get("Accept: a/b"));
    request.read(message, 0, message.length);
    request[drop]();
    expect(request).toMatchObject({ path: "", accept: "", host: "a" });
    expect(request.read(message, 0, message.length)).toBe(message.length);
    expect(request).toMatchObject({ path: "/", accept: "a/b" });
  });
});

describe("write", () => {
  function forwarded(message: string, options: Parameters<RequestHead["write"]>[2]): string {
    const request = new RequestHead();
    request.read(Buffer.from(message), 0, message.length);
    return request.write("", "", options).toString("latin1");
  }

  test("with another Host", () => {
    expect(forwarded(head("GET /x HTTP/1.1", "A: 1", "Host: a", "B: 2"), { hostHeader: "b:3000" })).toBe(
      head("GET /x HTTP/1.1", "Host: b:3000", "A: 1", "B: 2"),
    );
  });

  test("with X-Request-Id, even if the visitor sent one", () => {
    const request = new RequestHead();
    const message = get("X-Request-Id: theirs", "A: 1");
    request.read(Buffer.from(message), 0, message.length);
    expect(request.write("Ours: 1\r\n", "r-1").toString("latin1")).toBe(get("A: 1", "Ours: 1", "X-Request-Id: r-1"));
  });

  test("with or without Expect, regardless of the visitor's request", () => {
    const asks = get("Expect: 100-continue", "Content-Length: 1");
    expect(forwarded(asks, { expectContinue: false })).toBe(get("Content-Length: 1"));
    expect(forwarded(get("Content-Length: 1"), { expectContinue: true })).toBe(
      get("Content-Length: 1", "Expect: 100-continue"),
    );
  });
});
