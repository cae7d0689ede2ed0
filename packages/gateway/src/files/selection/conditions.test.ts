import { describe, expect, test } from "vitest";
import type { FileRequest } from "../../http/index.js";
import { RequestHead } from "../../http/index.js";
import { evaluateConditions, rangeOf } from "./conditions.js";

const FILE = { etag: '"a1"', modified: Date.UTC(2026, 0, 2, 3, 4, 5) / 1000 };
const SAME = "Fri, 02 Jan 2026 03:04:05 GMT";
const EARLIER = "Fri, 02 Jan 2026 03:04:04 GMT";
const LATER = "Fri, 02 Jan 2026 03:04:06 GMT";

function request(lines: readonly string[], method = "GET"): FileRequest {
  const head = new RequestHead();
  const bytes = Buffer.from([`${method} / HTTP/1.1`, "Host: a", ...lines, "", ""].join("\r\n"));
  expect(head.read(bytes, 0, bytes.length)).toBe(bytes.length);
  return head;
}

describe("a request", () => {
  test.for<[number, ...string[]]>([
    [200],
    [304, 'If-None-Match: "a1"'],
    [304, 'If-None-Match: W/"a1"'],
    [304, "If-None-Match: *"],
    [304, 'If-None-Match: "b2", ,W/"c,3" , "a1"'],
    [304, 'If-None-Match: "b2"', 'if-none-match: "a1"'],
    [200, 'If-None-Match: "b2"'],
    [200, "If-None-Match: a1"],
    [200, 'If-None-Match: "a1'],
    [304, `If-Modified-Since: ${SAME}`],
    [304, `If-Modified-Since: ${LATER}`],
    [200, `If-Modified-Since: ${EARLIER}`],
    [304, "If-Modified-Since: Friday, 02-Jan-26 03:04:05 GMT"],
    [304, "If-Modified-Since: Fri Jan  2 03:04:05 2026"],
    [200, "If-Modified-Since: 2026-01-02"],
    [200, "If-Modified-Since: Fri, 99 Jan 2026 03:04:05 GMT"],
    [200, 'If-None-Match: "b2"', `If-Modified-Since: ${SAME}`],
    [200, 'If-Match: "a1"'],
    [200, "If-Match: *"],
    [412, 'If-Match: W/"a1"'],
    [412, 'If-Match: "b2"'],
    [412, "If-Match: nonsense"],
    [200, `If-Unmodified-Since: ${SAME}`],
    [412, `If-Unmodified-Since: ${EARLIER}`],
    [200, "If-Unmodified-Since: nonsense"],
    [200, 'If-Match: "a1"', `If-Unmodified-Since: ${EARLIER}`],
    [412, 'If-Match: "b2"', 'If-None-Match: "a1"'],
    [304, 'If-Match: "a1"', 'If-None-Match: "a1"'],
  ])("gets %i for %s", ([status, ...lines]) => {
    expect(evaluateConditions(request(lines), FILE)).toBe(status);
    expect(evaluateConditions(request(lines, "HEAD"), FILE)).toBe(status);
  });

  test("a weak tag is no proof that the file is the same, except for caches", () => {
    const young = { ...FILE, etag: 'W/"a1"' };
    expect(evaluateConditions(request(['If-None-Match: "a1"']), young)).toBe(304);
    expect(evaluateConditions(request(['If-Match: W/"a1"']), young)).toBe(412);
    expect(rangeOf(request(["Range: bytes=0-1", 'If-Range: W/"a1"']), young)).toBeUndefined();
    expect(rangeOf(request(["Range: bytes=0-1", `If-Range: ${SAME}`]), young)).toBeUndefined();
  });
});

describe("a range", () => {
  test.for<[boolean, ...string[]]>([
    [true],
    [true, 'If-Range: "a1"'],
    [false, 'If-Range: "b2"'],
    [false, 'If-Range: W/"a1"'],
    [true, `If-Range: ${SAME}`],
    [false, `If-Range: ${LATER}`],
    [false, "If-Range: nonsense"],
  ])("applies: %s, with %s", ([applies, ...lines]) => {
    const found = rangeOf(request(["Range: bytes=0-1", ...lines]), FILE);
    expect(found).toBe(applies ? "bytes=0-1" : undefined);
  });

  test("does not apply to HEAD, nor if there are several Range fields", () => {
    expect(rangeOf(request(["Range: bytes=0-1"], "HEAD"), FILE)).toBeUndefined();
    expect(rangeOf(request(["Range: bytes=0-1", "Range: bytes=2-3"]), FILE)).toBeUndefined();
  });
});
