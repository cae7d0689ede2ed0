import { COLON, CR, FOLD, HTAB, LF, SP, VALUE } from "./octet.js";
import { type Refusal, refusals } from "./refusal.js";

/**
 * One line of a head or of trailers: `name: value CRLF`, or the blank line at the end (RFC 9112 5). Reused for line
 * after line; the positions are those of the last line read.
 */
export class FieldLine {
  nameEnd = 0;
  valueStart = 0;
  valueEnd = 0;
  refusal: Refusal | undefined = undefined;

  /**
   * @returns the position after the line; 0 when it goes on beyond `end`; -1 when it is not such a line (see
   * `refusal`).
   */
  read(bytes: Buffer, start: number, end: number): number {
    let at = start;
    while (at < end && FOLD[bytes[at]!] !== 0) at++;
    this.nameEnd = at;
    if (at === end) return 0;
    if (bytes[at] !== COLON || at === start) {
      if (bytes[at] === CR && at === start) return this.#lineEnd(bytes, at, end);
      return this.#refuse(nameFlaw(bytes[at]!, at === start));
    }

    at++;
    while (at < end && (bytes[at] === SP || bytes[at] === HTAB)) at++;
    this.valueStart = at;
    while (at < end && VALUE[bytes[at]!] !== 0) at++;
    if (at === end) return 0;
    if (bytes[at] !== CR)
      return this.#refuse(bytes[at] === LF ? refusals.PN_HTTP_LINE_END : refusals.PN_HTTP_FIELD_VALUE);

    let valueEnd = at;
    while (valueEnd > this.valueStart && (bytes[valueEnd - 1] === SP || bytes[valueEnd - 1] === HTAB)) valueEnd--;
    this.valueEnd = valueEnd;
    return this.#lineEnd(bytes, at, end);
  }

  #lineEnd(bytes: Buffer, at: number, end: number): number {
    if (at + 1 === end) return 0;
    return bytes[at + 1] === LF ? at + 2 : this.#refuse(refusals.PN_HTTP_LINE_END);
  }

  #refuse(refusal: Refusal): number {
    this.refusal = refusal;
    return -1;
  }
}

function nameFlaw(byte: number, first: boolean): Refusal {
  if (byte === LF || byte === CR) return refusals.PN_HTTP_LINE_END;
  return first && (byte === SP || byte === HTAB) ? refusals.PN_HTTP_FOLDED : refusals.PN_HTTP_FIELD_NAME;
}
