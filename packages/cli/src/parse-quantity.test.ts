import { describe, expect, test } from "vitest";
import { parseDuration, parseSize } from "./parse-quantity.js";

describe("sizes", () => {
  test.each([
    ["0", 0],
    ["500", 500],
    ["500B", 500],
    ["64KiB", 65_536],
    ["10mb", 10_000_000],
    ["1.5 GB", 1_500_000_000],
    [" 1MB ", 1_000_000],
  ])("%j is %i bytes", (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  test.each(["", "MB", "-1", "1TB", "1e6", "10 M B", "0x10", "9999999999GB", "1,5MB", "constructor", "1constructor"])(
    "%j is refused with a hint",
    (text) => {
      expect(() => parseSize(text)).toThrow(expect.objectContaining({ code: "PN_SIZE_INVALID", exit: 2 }));
    },
  );
});

describe("times", () => {
  test.each([
    ["0", 0],
    ["30", 30_000],
    ["0.5", 500],
    ["500ms", 500],
    ["30s", 30_000],
    ["5m", 300_000],
    ["1 h", 3_600_000],
  ])("%j is %i milliseconds", (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds);
  });

  test.each(["", "s", "-1s", "1d", "1m30s", "forever"])("%j is refused with a hint", (text) => {
    expect(() => parseDuration(text)).toThrow(expect.objectContaining({ code: "PN_DURATION_INVALID", exit: 2 }));
  });
});
