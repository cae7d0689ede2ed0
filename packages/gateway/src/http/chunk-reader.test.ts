import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ChunkReader, type ChunkForm } from "./chunk-reader.js";
import { chunkedBodies, cuts, mutated } from "./messages.suite.js";

interface Outcome {
  /** The bytes that were passed on. */
  passed: string;
  done: boolean;
  /** Bytes of the message that belonged to the body. */
  taken: number;
  dataBytes: number;
  code: string | undefined;
}

/** Reads `message`, cut at the given positions. */
function read(
  message: string,
  cuts: readonly number[],
  form: ChunkForm = "chunks",
  reader = new ChunkReader(),
): Outcome {
  const bytes = Buffer.from(message, "latin1");
  let passed = "";
  let taken = 0;
  reader.begin(form);
  const ends = [...new Set(cuts.filter((cut) => cut < bytes.length))].sort((a, b) => a - b);
  for (const [n, end] of [...ends, bytes.length].entries()) {
    const start = n === 0 ? 0 : ends[n - 1]!;
    // Each piece lies at an offset in a separate buffer, like pieces read from a socket.
    const piece = Buffer.from(`\r\n0${bytes.toString("latin1", start, end)}\r\n0`, "latin1");
    const stop = reader.read(piece, 3, 3 + end - start);
    for (let span = 0; span < reader.spanCount; span++) {
      passed += piece.toString("latin1", reader.spans[2 * span], reader.spans[2 * span + 1]);
    }
    if (stop < 0) return { passed, done: false, taken, dataBytes: reader.dataBytes, code: reader.refusal?.code };
    passed += reader.tail?.toString("latin1") ?? "";
    taken = start + stop - 3;
    if (reader.done) break;
  }
  return { passed, done: reader.done, taken, dataBytes: reader.dataBytes, code: undefined };
}

function everywhere(length: number): number[] {
  return Array.from({ length }, (_, n) => n);
}

interface Body {
  name: string;
  message: string;
  passed: string;
  data: string;
}

const BODIES: readonly Body[] = [
  { name: "nothing", message: "0\r\n\r\n", passed: "0\r\n\r\n", data: "" },
  { name: "one chunk", message: "5\r\nhello\r\n0\r\n\r\n", passed: "5\r\nhello\r\n0\r\n\r\n", data: "hello" },
  {
    name: "more chunks, CRLF in the data",
    message: "4\r\n\r\n\r\n\r\n0000000000000001\r\n0\r\n1a\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\n\r\n",
    passed: "4\r\n\r\n\r\n\r\n1\r\n0\r\n1a\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\n\r\n",
    data: "\r\n\r\n0abcdefghijklmnopqrstuvwxyz",
  },
  {
    name: "upper case and leading zeros",
    message: "00A\r\n0123456789\r\n00\r\n\r\n",
    passed: "A\r\n0123456789\r\n0\r\n\r\n",
    data: "0123456789",
  },
  {
    name: "extensions",
    message: `1;a\r\nx\r\n2;b="\t \\;"\r\nyz\r\n0;${"c".repeat(255)}\r\n\r\n`,
    passed: "1\r\nx\r\n2\r\nyz\r\n0\r\n\r\n",
    data: "xyz",
  },
  {
    name: "white space before extensions",
    message: `1 ;a\r\nx\r\n2\t \t; b="c"\r\nyz\r\n0${" ".repeat(255)};\r\n\r\n`,
    passed: "1\r\nx\r\n2\r\nyz\r\n0\r\n\r\n",
    data: "xyz",
  },
  {
    name: "trailers",
    message: "1\r\nx\r\n0\r\nA: 1\r\nExpires-In:\t2 \r\n\r\n",
    passed: "1\r\nx\r\n0\r\nA: 1\r\nExpires-In:\t2 \r\n\r\n",
    data: "x",
  },
  {
    name: "forbidden trailers",
    message:
      "0\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\nHost: b\r\nA: 1\r\nX-Forwarded-For: 6.6.6.6\r\nX_Real_IP: 1\r\n" +
      "Authorization: x\r\nSET-COOKIE: x\r\nContent_Type: x\r\nConnection: a\r\nTE: x\r\nTrailer: x\r\nB: 2\r\n\r\n",
    passed: "0\r\nA: 1\r\nB: 2\r\n\r\n",
    data: "",
  },
  {
    name: "only forbidden trailers",
    message: "1\r\nx\r\n0\r\nHost: b\r\n\r\n",
    passed: "1\r\nx\r\n0\r\n\r\n",
    data: "x",
  },
];

const FIELDS_100 = "A: 1\r\n".repeat(100);

const REFUSED: readonly { name: string; message: string; code?: string }[] = [
  { name: "no size", message: "\r\n" },
  { name: "an extension without a size", message: ";a\r\n" },
  { name: "no digit", message: "g\r\n" },
  { name: "a sign", message: "+1\r\n" },
  { name: "a prefix", message: "0x1\r\n" },
  { name: "a space before the size", message: " 1\r\n" },
  { name: "a space after the size", message: "1 \r\n" },
  { name: "white space after the size", message: "1 \t \r\n" },
  { name: "a digit after the padding", message: "1 2;a\r\n" },
  { name: "a control byte in the padding", message: "1 \x0b;a\r\n" },
  { name: "a bare LF after the padding", message: "1 \nx\r\n" },
  { name: "padding and an extension of 257 bytes", message: `1${" \t".repeat(64)};${"a".repeat(128)}` },
  { name: "padding without end", message: `1${" ".repeat(257)}` },
  { name: "17 digits", message: "00000000000000001\r\n" },
  { name: "a size beyond 2^53", message: "20000000000000\r\n" },
  { name: "a size that overflows 64 bits", message: "fffffffffffffffff\r\n" },
  { name: "a bare LF after the size", message: "1\nx\r\n" },
  { name: "a bare CR after the size", message: "1\rx" },
  { name: "a bare LF in an extension", message: "1;a\nx\r\n" },
  { name: "a bare CR in an extension", message: "1;a\rb" },
  { name: "a control byte in an extension", message: "1;a\x00" },
  { name: "a high byte in an extension", message: "1;a\x80" },
  { name: "an extension of 257 bytes", message: `1;${"a".repeat(256)}` },
  { name: "extensions without end", message: `1;${"a".repeat(250)}\r\nx\r\n`.repeat(66) },
  { name: "a bare LF after the data", message: "1\r\nx\n0" },
  { name: "a bare CR after the data", message: "1\r\nx\r0" },
  { name: "more data than announced", message: "1\r\nxy\r\n" },
  { name: "a bare LF after the last size", message: "0\n" },
  { name: "a bare LF as the end", message: "0\r\n\n", code: "PN_HTTP_LINE_END" },
  { name: "a bare CR as the end", message: "0\r\n\rX\r\n", code: "PN_HTTP_LINE_END" },
  { name: "a folded trailer", message: "0\r\nA: 1\r\n 2\r\n\r\n", code: "PN_HTTP_FOLDED" },
  { name: "a control byte in a trailer", message: "0\r\nA: \x01\r\n\r\n", code: "PN_HTTP_FIELD_VALUE" },
  { name: "a trailer line that is not a field", message: "0\r\nGET / HTTP/1.1\r\n\r\n", code: "PN_HTTP_FIELD_NAME" },
  { name: "101 trailers", message: `0\r\n${FIELDS_100}A: 1\r\n`, code: "PN_HTTP_TRAILERS_TOO_LARGE" },
  { name: "a trailer that is too large", message: `0\r\nA: ${"x".repeat(16_400)}`, code: "PN_HTTP_TRAILERS_TOO_LARGE" },
];

describe("whole bodies", () => {
  test.each(BODIES)("$name", ({ message, passed, data }) => {
    const expected = { passed, done: true, taken: message.length, dataBytes: data.length, code: undefined };
    const followed = `${message}GET / HTTP/1.1\r\n\r\n`;
    for (const cuts of [[], everywhere(followed.length), ...everywhere(message.length).map((cut) => [cut])]) {
      expect(read(followed, cuts), `cut at ${cuts.join()}`).toEqual(expected);
      expect(read(followed, cuts, "data"), `data, cut at ${cuts.join()}`).toEqual({ ...expected, passed: data });
    }
  });

  test("a body without changes is one span", () => {
    const bytes = Buffer.from("5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n");
    const reader = new ChunkReader();
    reader.begin("chunks");
    expect(reader.read(bytes, 0, bytes.length)).toBe(bytes.length);
    expect(reader.spans.slice(0, 2 * reader.spanCount)).toEqual([0, bytes.length]);
    expect(reader.tail).toBeUndefined();
  });

  test("a piece of many parts is joined, in both forms", () => {
    const bytes = Buffer.from(`01\r\nx\r\n`.repeat(1_000));
    const reader = new ChunkReader();
    for (const [form, passed] of [
      ["chunks", "1\r\nx\r\n"],
      ["data", "x"],
    ] as const) {
      reader.begin(form);
      expect(reader.read(bytes, 0, bytes.length)).toBe(bytes.length);
      expect(reader.spanCount).toBe(0);
      expect(reader.tail?.toString()).toBe(passed.repeat(1_000));
    }
  });

  test("100 trailers pass", () => {
    expect(read(`0\r\n${FIELDS_100}\r\n`, [])).toMatchObject({ done: true, passed: `0\r\n${FIELDS_100}\r\n` });
  });

  test("a chunk may be as large as the largest safe integer", () => {
    expect(read("1fffffffffffff\r\nx", [])).toMatchObject({ done: false, code: undefined, dataBytes: 1 });
  });
});

describe("refused bodies", () => {
  test.each(REFUSED)("$name", ({ message, code = "PN_HTTP_CHUNK" }) => {
    for (const cuts of [[], everywhere(message.length)]) {
      for (const form of ["chunks", "data"] as const) {
        expect(read(message, cuts, form)).toMatchObject({ done: false, code });
        expect(read(`2\r\nok\r\n${message}`, cuts, form)).toMatchObject({ done: false, code });
      }
    }
  });
});

/** A naive implementation: whether this is a whole chunked body. */
function isWhole(text: string): boolean {
  const size = /^([0-9a-f]+)\r\n/i.exec(text);
  if (size === null) return false;
  const length = parseInt(size[1]!, 16);
  const rest = text.slice(size[0].length);
  if (length === 0) return /^(?:[^\r\n]+\r\n)*\r\n$/.test(rest);
  return rest.slice(length, length + 2) === "\r\n" && isWhole(rest.slice(length + 2));
}

describe("properties", () => {
  const reader = new ChunkReader();

  test("an encoded body is decoded, in any pieces", () => {
    fc.assert(
      fc.property(chunkedBodies, cuts, ({ message, data, passed }, where) => {
        const rest = "HTTP/1.1 200";
        expect(read(message + rest, where, "chunks", reader)).toMatchObject({
          passed,
          done: true,
          taken: message.length,
        });
        expect(read(message + rest, where, "data", reader)).toMatchObject({ passed: data, dataBytes: data.length });
      }),
    );
  });

  test("a truncated body never looks complete", () => {
    fc.assert(
      fc.property(chunkedBodies, cuts, fc.nat(), ({ message, passed, lastChunk }, where, seed) => {
        const outcome = read(message.slice(0, seed % message.length), where, "chunks", reader);
        expect(outcome).toMatchObject({ done: false, code: undefined });
        expect(passed.startsWith(outcome.passed)).toBe(true);
        // No byte of the last chunk may be passed on, not even its size.
        expect(outcome.passed.length).toBeLessThanOrEqual(lastChunk);
      }),
    );
  });

  test("with a wrong byte, the reader waits or refuses, and passes on an end only if the body has one", () => {
    fc.assert(
      fc.property(mutated(chunkedBodies.map(({ message }) => message)), cuts, (text, where) => {
        const whole = read(text, [], "chunks", reader);
        const pieces = read(text, where, "chunks", reader);
        expect(pieces.done).toBe(whole.done);
        if (whole.code === undefined) expect(pieces).toEqual(whole);
        expect(isWhole(whole.passed)).toBe(whole.done);
      }),
    );
  });
});
