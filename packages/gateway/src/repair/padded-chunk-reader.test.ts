import { expect, test } from "vitest";
import { ChunkReader } from "../http/index.js";
import { PaddedChunkReader } from "./padded-chunk-reader.js";

interface Outcome {
  passed: string;
  done: boolean;
  refused: boolean;
}

/** Reads a body in pieces of `size` bytes. */
function read(reader: ChunkReader, text: string, size: number): Outcome {
  let passed = "";
  reader.begin("chunks");
  for (let at = 0; at < text.length; at += size) {
    const piece = Buffer.from(text.slice(at, at + size), "latin1");
    if (reader.read(piece, 0, piece.length) < 0) return { passed, done: false, refused: true };
    for (let n = 0; n < reader.spanCount; n++) {
      passed += piece.toString("latin1", reader.spans[2 * n], reader.spans[2 * n + 1]);
    }
    passed += reader.tail?.toString("latin1") ?? "";
  }
  return { passed, done: reader.done, refused: false };
}

const BODY = `5 \r\nhello\r\n0003\t \t\r\nabc\r\n2 ;x\r\n\r\n\r\n0${" ".repeat(256)}\r\nA: 1\r\n\r\n`;
const PASSED = "5\r\nhello\r\n3\r\nabc\r\n2\r\n\r\n\r\n0\r\nA: 1\r\n\r\n";

test.for([1, 2, 3, 7, 1_000])("sizes that end with white space are read and written again, in pieces of %i", (size) => {
  let repairs = 0;
  const reader = new PaddedChunkReader(() => repairs++);
  expect(read(reader, BODY, size)).toEqual({ passed: PASSED, done: true, refused: false });
  expect(repairs).toBe(3);
});

test("the strict reader refuses them", () => {
  for (const text of ["5 \r\n", "5\t\r\n", "0 \r\n"]) expect(read(new ChunkReader(), text, 1).refused, text).toBe(true);
});

test.for([
  ["white space before a size", " 5\r\n"],
  ["white space within a size", "1 0\r\n"],
  ["white space in place of a size", " \r\n"],
  ["a bare LF after a size", "5\nhello"],
  ["a bare LF after white space", "5 \nhello"],
  ["a bare CR after white space", "5 \rhello"],
  ["another control byte after a size", "5\x0b\r\n"],
  ["a bare LF after the data", "1 \r\nx\n0"],
  ["a bare LF as the last line", "0 \r\n\n"],
  ["white space without end", `5${" ".repeat(257)}`],
  ["much white space in all", `1${" ".repeat(250)}\r\nx\r\n`.repeat(66)],
] as const)("refused: %s", ([, text]) => {
  for (const size of [1, text.length]) expect(read(new PaddedChunkReader(() => {}), text, size).refused).toBe(true);
});
