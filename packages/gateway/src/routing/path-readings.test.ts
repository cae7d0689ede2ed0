import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PathReadings } from "./path-readings.js";
import { scanPath } from "./path-scan.js";
import { ambiguousPaths } from "./routes.suite.js";
import { twinReadings } from "./readings-twin.suite.js";

const readings = new PathReadings();

function read(path: string): { texts: Set<string>; climbs: boolean } {
  const texts = new Set([path]);
  let climbs = false;
  readings.begin(path, 0, path.length, Infinity);
  while (readings.next()) {
    texts.add(readings.text);
    climbs ||= readings.climbs;
  }
  return { texts, climbs };
}

describe("a path is read as", () => {
  test.each([
    ["escapes, decoded", "/%61dmin", ["/admin"]],
    ["escapes of escapes, decoded once and twice", "/%2561dmin", ["/%61dmin", "/admin"]],
    ["dot segments, resolved", "/a/../b/./c", ["/b/c"]],
    ["a dot segment at the end, with and without the slash before it", "/a/b/..", ["/a/", "/a"]],
    ["encoded dots, resolved", "/a/%2e%2E/b", ["/a/../b", "/b"]],
    ["dots of which one is encoded", "/a/.%2e/b", ["/a/../b", "/b"]],
    ["encoded slashes, as separators and as none", "/a%2fb", ["/a\0b", "/a/b"]],
    ["backslashes, as separators", "/a\\b", ["/a/b"]],
    ["encoded backslashes", "/a%5cb", ["/a\\b", "/a/b"]],
    ["empty segments, merged", "//a///b", ["/a/b"]],
    ["segments without their parameters", "/a;x=1/b", ["/a/b"]],
    ["dots with a parameter", "/a/..;/b", ["/a/../b", "/b"]],
    ["an empty segment with a parameter", "/;x/a", ["//a", "/a"]],
    ["overlong UTF-8", "/a%c0%afb", ["/a\0b", "/a/b"]],
    ["overlong UTF-8 of three bytes", "/a%e0%80%afb", ["/a\0b", "/a/b"]],
    ["escapes with u", "/%u0061b", ["/ab"]],
    ["UTF-8, as bytes", "/%c3%a9", ["/\u00c3\u00a9"]],
    ["malformed escapes, unchanged", "/%/%2/%zz/%u12", []],
  ])("%s", (_, path, expected) => {
    expect([...read(path).texts]).toEqual(expect.arrayContaining([path, ...expected]));
    expect(read(path)).toEqual(twinReadings(path));
  });

  test("dots above the beginning", () => {
    const paths = ["/..", "/a/../..", "/a/%2e%2e%2f..", "/a//../../..", "/a/..;/..", "/%252e%252e/a", "/a\\..\\..\\b"];
    for (const path of paths) expect(read(path).climbs, path).toBe(true);
    for (const path of ["/a/..", "/a/../b/..", "/...", "/a/..b"]) expect(read(path).climbs, path).toBe(false);
  });
});

test.each(["/%00", "/a%00b", "/%u0000", "/%c0%80", "/%e0%80%80", "/\0"])("%j contains NUL", (path) => {
  readings.begin(path, 0, path.length, Infinity);
  expect(readings.hasNul).toBe(true);
});

test("the readings are those of the plain twin", () => {
  fc.assert(
    fc.property(ambiguousPaths, (path) => {
      expect(read(path)).toEqual(twinReadings(path));
    }),
    { numRuns: 1_500 },
  );
});

test("a path that is not scanned as ambiguous has one reading", () => {
  fc.assert(
    fc.property(ambiguousPaths, (path) => {
      if (scanPath(path) >= 0) expect(twinReadings(path)).toEqual({ texts: new Set([path]), climbs: false });
    }),
    { numRuns: 1_000 },
  );
});

describe("scanning", () => {
  test.each(["/", "/a/b.c/.well-known/x", "/a?b=//../%2e;", "*", "/a/?.."])("%j is plain", (target) => {
    const query = target.indexOf("?");
    expect(scanPath(target)).toBe(query < 0 ? target.length : query);
  });

  test.each(["/%20", "/a;b", "/a\\b", "/a//b", "/.", "/..", "/a/./b", "/a/../b", "/a/...", "/\0"])(
    "%j is ambiguous",
    (target) => expect(scanPath(target)).toBe(~target.length),
  );
});

test("the work is bounded: a long path with few kinds of ambiguity is read, one with all of them is given up", () => {
  const all = "/a/../;b\\c//%2e%2f%5c%3b%252e%252f%255c%253bx";
  readings.begin(all + "a".repeat(500 - all.length), 0, 500, Infinity);
  let count = 0;
  while (readings.next()) count++;
  expect([count, readings.isExhausted]).toEqual([255, false]);
  const long = `/${"%2e%2f".repeat(5_000)}`;
  expect(read(long).texts.size).toBeGreaterThan(3);
  expect(readings.isExhausted).toBe(false);
  read(`/..;/\\%2e%2f%5c%3b//%252e%252f%255c%253b/${"a".repeat(32_000)}`);
  expect(readings.isExhausted).toBe(true);
});
