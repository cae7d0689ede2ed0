import fc from "fast-check";
import { expect, test } from "vitest";
import { MOST_RANGES, parseRanges } from "./byte-ranges.js";

const SIZE = 100;

test.for<[string, string]>([
  ["bytes=0-0", "0-1"],
  ["bytes=0-", "0-100"],
  ["Bytes=90-200", "90-100"],
  ["bytes=-10", "90-100"],
  ["bytes=-200", "0-100"],
  ["bytes=0-99999999999999999999999", "0-100"],
  ["bytes=0-9, 20-29 ,-5", "0-10 20-30 95-100"],
  ["bytes=50-59,0-9", "50-60 0-10"],
  ["bytes=0-9,100-", "0-10"],
  ["bytes=0-9,10-19", "0-10 10-20"],
  ["bytes=100-", "refused"],
  ["bytes=-0", "refused"],
  ["bytes=0-9,9-10", "refused"],
  ["bytes=0-,-1", "refused"],
  ["bytes=,0-1", "0-2"],
  ["bytes=0-1,", "0-2"],
  ["bytes= ,\t, 0-1 ,, 5-6,", "0-2 5-7"],
  ["bytes=200-,-0", "refused"],
  ["bytes=,", "ignored"],
  ["bytes=, ,", "ignored"],
  ["bytes=0-1 5-6", "ignored"],
  ["bytes=0-1;5-6", "ignored"],
  ["bytes=+0-1", "ignored"],
  ["bytes=-1-2", "ignored"],
  ["bytes=0-1,x", "ignored"],
  ["bytes=5-4,0-1", "ignored"],
  ["bytes=5-4", "ignored"],
  ["bytes=", "ignored"],
  ["bytes=-", "ignored"],
  ["bytes=a-b", "ignored"],
  ["bytes=0x1-2", "ignored"],
  ["bytes =0-1", "ignored"],
  ["lines=0-1", "ignored"],
  ["0-1", "ignored"],
])("%s is %s", ([value, expected]) => {
  const ranges = parseRanges(value, SIZE);
  expect(typeof ranges === "string" ? ranges : ranges.map(({ start, end }) => `${start}-${end}`).join(" ")).toBe(
    expected,
  );
});

test("a file without bytes is sent whole, because some programs ask for a range of every file", () => {
  expect(parseRanges("bytes=0-", 0)).toBe("ignored");
  expect(parseRanges("bytes=-1", 0)).toBe("ignored");
  expect(parseRanges("bytes=0-1023", 0)).toBe("ignored");
});

test("10 ranges are accepted, 11 are not", () => {
  const ranges = (count: number): string =>
    `bytes=${Array.from({ length: count }, (_, n) => `${2 * n}-${2 * n}`).join()}`;
  expect(parseRanges(ranges(MOST_RANGES), SIZE)).toHaveLength(10);
  expect(parseRanges(ranges(MOST_RANGES + 1), SIZE)).toBe("refused");
});

test("empty elements do not count as ranges, but their number is limited", () => {
  expect(parseRanges(`bytes=${",".repeat(50)}0-1`, SIZE)).toHaveLength(1);
  expect(parseRanges(`bytes=${",".repeat(30_000)}0-1`, SIZE)).toBe("refused");
});

test("whatever a visitor sends, the ranges are inside the file and do not overlap", () => {
  const number = fc.oneof(fc.constant(""), fc.nat(130).map(String));
  const range = fc.tuple(number, number).map(([first, last]) => `${first}-${last}`);
  fc.assert(
    fc.property(fc.array(range, { maxLength: 12 }), fc.nat(120), (texts, size) => {
      const ranges = parseRanges(`bytes=${texts.join()}`, size);
      if (typeof ranges === "string") return;
      const bytes = new Set(
        ranges.flatMap(({ start, end }) => Array.from({ length: end - start }, (_, n) => start + n)),
      );
      expect(bytes.size).toBe(ranges.reduce((sum, { start, end }) => sum + end - start, 0));
      expect(ranges.every(({ start, end }) => start >= 0 && start < end && end <= size)).toBe(true);
    }),
  );
});
