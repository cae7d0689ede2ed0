import { Field } from "./field-name.js";
import type { FieldSection } from "./field-section.js";
import { NINE, ZERO } from "./octet.js";
import { type Refusal, refusals } from "./refusal.js";

/** How a message says where its body ends: at most one of the two ways (RFC 9112 6). */
export class Framing {
  /** Bytes; -1: not said. */
  contentLength = -1;
  chunked = false;
  refusal: Refusal | undefined = undefined;

  /** @returns false when it is unclear where the body ends (see `refusal`). */
  read(fields: FieldSection, bytes: Buffer, versionMinor: number): boolean {
    this.contentLength = -1;
    this.chunked = false;
    if (fields.has(Field.contentLength)) {
      const index = fields.find(Field.contentLength);
      // One number, said twice, is refused too: whoever says it twice has joined two messages.
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
      const flaw = codingFlaw(fields.value(bytes, Field.transferEncoding).toLowerCase());
      if (flaw !== undefined) return this.#refuse(flaw);
      this.chunked = true;
    }
    return true;
  }

  #refuse(refusal: Refusal): false {
    this.refusal = refusal;
    return false;
  }
}

/** Digits only, and a number that doubles keep exactly; -1 otherwise. */
function readLength(bytes: Buffer, start: number, end: number): number {
  if (start === end || end - start > 16) return -1;
  let length = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!;
    if (byte < ZERO || byte > NINE) return -1;
    length = length * 10 + byte - ZERO;
  }
  return length <= Number.MAX_SAFE_INTEGER ? length : -1;
}

const CODINGS = /^[!#$%&'*+.^_`|~0-9a-z-]+(?:[ \t]*,[ \t]*[!#$%&'*+.^_`|~0-9a-z-]+)*$/;

function codingFlaw(value: string): Refusal | undefined {
  if (value === "chunked") return undefined;
  if (!CODINGS.test(value)) return refusals.PN_HTTP_TRANSFER_ENCODING;
  const codings = value.split(",").map((coding) => coding.trim());
  const chunked = codings.indexOf("chunked");
  const misplaced = chunked >= 0 && chunked < codings.length - 1;
  return misplaced ? refusals.PN_HTTP_TRANSFER_ENCODING : refusals.PN_HTTP_CODING;
}
