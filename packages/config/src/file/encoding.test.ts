import { expect, test } from "vitest";
import { encodingFault, isUtf16 } from "./encoding.js";

const swapped = (text: string): Buffer => Buffer.from(text, "utf16le").swap16();

test.for([
  ["little-endian with a byte order mark", Buffer.from("\ufeffme key", "utf16le")],
  ["big-endian with a byte order mark", swapped("\ufeffme key")],
  ["little-endian", Buffer.from("me key", "utf16le")],
  ["big-endian", swapped("me key")],
] as [string, Buffer][])("UTF-16, %s, is recognised", ([, bytes]) => {
  expect(encodingFault(bytes)).toMatch(/UTF-16/);
});

test.for([
  ["nothing", ""],
  ["one character", "a"],
  ["text", "me key-of-me-0123456789\n"],
  ["text with a byte order mark", "\ufeffme key"],
  ["text in another script", "ключ от ворот"],
  ["zeros", "\0\0\0\0\0\0"],
] as [string, string][])("%s is UTF-8", ([, text]) => {
  expect(encodingFault(Buffer.from(text))).toBeUndefined();
});

test("other bytes are neither", () => {
  const certificate = Buffer.from("3082010a0282010100", "hex");
  expect(isUtf16(certificate)).toBe(false);
  expect(encodingFault(Buffer.from([0x61, 0xff, 0x3d]))).toBe("is not UTF-8 text. Save it as UTF-8");
});
