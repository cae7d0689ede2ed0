import { Field } from "./field-name.js";
import type { FieldSection } from "./field-section.js";
import { countDigits, writeDecimal, writeText } from "./latin1.js";
import { NINE, ZERO } from "./octet.js";
import { type Refusal, refusals } from "./refusal.js";
import { parseTokens } from "./list.js";

const CHUNKED = "Transfer-Encoding: chunked\r\n";
const LENGTH = "Content-Length: ";
const LINE_END = "\r\n";

/** How a message delimits its body: by Content-Length, by Transfer-Encoding, or by neither (RFC 9112 6). */
export interface Framed {
  /** Bytes; -1 without Content-Length. */
  readonly contentLength: number;
  readonly chunked: boolean;
}

/** Reads the framing of a message. */
export class Framing implements Framed {
  /** Bytes; -1 without Content-Length. */
  contentLength = -1;
  chunked = false;
  refusal: Refusal | undefined = undefined;

  /** @returns false when it is unclear where the body ends (see `refusal`). */
  read(fields: FieldSection, bytes: Buffer, versionMinor: number): boolean {
    this.contentLength = -1;
    this.chunked = false;
    if (fields.has(Field.contentLength)) {
      const index = fields.find(Field.contentLength);
      // The same number twice is refused too, because it is a sign of two joined messages.
      const length = fields.repeats(Field.contentLength)
        ? -1
        : readLength(bytes, fields.valueStart(index), fields.valueEnd(index));
      if (length < 0) return this.#refuse(refusals.PN_HTTP_CONTENT_LENGTH);
      this.contentLength = length;
    }
    if (fields.has(Field.transferEncoding)) {
      if (this.contentLength >= 0) return this.#refuse(refusals.PN_HTTP_FRAMING);
      if (versionMinor === 0 || fields.repeats(Field.transferEncoding))
        return this.#refuse(refusals.PN_HTTP_TRANSFER_ENCODING);
      const index = fields.find(Field.transferEncoding);
      if (!fields.valueIs(bytes, index, "chunked")) return this.#refuse(codingFlaw(fields.value(bytes, index)));
      this.chunked = true;
    }
    return true;
  }

  #refuse(refusal: Refusal): false {
    this.refusal = refusal;
    return false;
  }
}

/** The number of bytes that `writeFraming` writes. */
export function framingLength({ chunked, contentLength }: Framed): number {
  if (chunked) return CHUNKED.length;
  return contentLength < 0 ? 0 : LENGTH.length + countDigits(contentLength) + LINE_END.length;
}

/** Writes the field line of the framing in canonical form. @returns the position after it. */
export function writeFraming(target: Buffer, at: number, { chunked, contentLength }: Framed): number {
  if (chunked) return writeText(target, at, CHUNKED);
  if (contentLength < 0) return at;
  const number = writeText(target, at, LENGTH);
  return writeText(target, writeDecimal(target, number, contentLength), LINE_END);
}

/** Reads a decimal number; -1 when it is not one, or not a safe integer. */
function readLength(bytes: Buffer, start: number, end: number): number {
  if (start === end || end - start > 16) return -1;
  let length = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!;
    if (byte < ZERO || byte > NINE) return -1;
    length = length * 10 + (byte - ZERO);
  }
  return length <= Number.MAX_SAFE_INTEGER ? length : -1;
}

/** The refusal of a value other than `chunked`: unknown codings, or a list that cannot delimit a message. */
function codingFlaw(value: string): Refusal {
  const codings = parseTokens(value);
  if (codings === undefined || codings.length === 0) return refusals.PN_HTTP_TRANSFER_ENCODING;
  // `chunked` before the end (`chunked, gzip`), or with commas around it, is not an unknown coding. It leaves the end
  // of the message undefined.
  const misplaced = codings.slice(0, -1).includes("chunked") || (codings.length === 1 && codings[0] === "chunked");
  return misplaced ? refusals.PN_HTTP_TRANSFER_ENCODING : refusals.PN_HTTP_CODING;
}
