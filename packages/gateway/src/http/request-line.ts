import { ASTERISK, CR, LF, METHOD, SLASH, SP, TARGET, FOLD } from "./octet.js";
import { type Refusal, refusals } from "./refusal.js";
import { textOf } from "./latin1.js";

const LONGEST_METHOD = 32;
const TLS_HANDSHAKE = 0x16;
const VERSION = Buffer.from("HTTP/1.");
const COMMON = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"].map((name) => ({
  name,
  bytes: Buffer.from(name),
}));

/** The first line of a request, `METHOD target HTTP/1.x CRLF` (RFC 9112 3), and at most one empty line before it. Reused. */
export class RequestLine {
  /** Where the line itself begins, after an empty line. */
  start = 0;
  method = "";
  targetStart = 0;
  targetEnd = 0;
  versionMinor: 0 | 1 = 1;
  refusal: Refusal | undefined = undefined;

  /** @returns the position after the line; 0 when it goes on beyond `end`; -1 when it is refused (see `refusal`). */
  read(bytes: Buffer, start: number, end: number): number {
    let at = start;
    if (at < end && bytes[at] === CR) {
      if (at + 1 === end) return 0;
      if (bytes[at + 1] !== LF) return this.#refuse(refusals.PN_HTTP_LINE_END);
      at += 2;
    }

    this.start = at;
    while (at < end && METHOD[bytes[at]!] !== 0) at++;
    if (at - this.start > LONGEST_METHOD) return this.#refuse(refusals.PN_HTTP_METHOD);
    if (at === end) return 0;
    if (bytes[at] !== SP || at === this.start) return this.#refuse(methodFlaw(bytes[at]!, at === this.start));
    this.method = methodName(bytes, this.start, at);
    if (this.method === "CONNECT" || this.method === "TRACE") return this.#refuse(refusals.PN_HTTP_METHOD);

    at++;
    this.targetStart = at;
    if (at < end && !beginsTarget(bytes[at]!)) return this.#refuse(targetFlaw(bytes[at]!));
    while (at < end && TARGET[bytes[at]!] !== 0) at++;
    this.targetEnd = at;
    if (at === end) return 0;
    if (bytes[at] !== SP) return this.#refuse(targetFlaw(bytes[at]!));

    return this.#readVersion(bytes, at + 1, end);
  }

  #readVersion(bytes: Buffer, start: number, end: number): number {
    let at = start;
    for (let n = 0; n < VERSION.length; n++, at++) {
      if (at === end) return 0;
      if (bytes[at] !== VERSION[n]) return this.#refuse(versionFlaw(textOf(bytes, start, Math.min(end, start + 8))));
    }
    if (at === end) return 0;
    const minor = bytes[at]! - 0x30;
    if (minor !== 0 && minor !== 1) return this.#refuse(versionFlaw(textOf(bytes, start, at + 1)));
    this.versionMinor = minor;
    at++;
    if (at === end) return 0;
    if (bytes[at] !== CR)
      return this.#refuse(bytes[at] === LF ? refusals.PN_HTTP_LINE_END : refusals.PN_HTTP_REQUEST_LINE);
    at++;
    if (at === end) return 0;
    return bytes[at] === LF ? at + 1 : this.#refuse(refusals.PN_HTTP_LINE_END);
  }

  #refuse(refusal: Refusal): number {
    this.refusal = refusal;
    return -1;
  }
}

function methodName(bytes: Buffer, start: number, end: number): string {
  const length = end - start;
  for (let n = 0; n < COMMON.length; n++) {
    const common = COMMON[n]!;
    if (common.name.length === length && matches(bytes, start, common.bytes)) return common.name;
  }
  return textOf(bytes, start, end);
}

function matches(bytes: Buffer, start: number, expected: Buffer): boolean {
  for (let n = 0; n < expected.length; n++) if (bytes[start + n] !== expected[n]) return false;
  return true;
}

function beginsTarget(byte: number): boolean {
  return byte === SLASH || byte === ASTERISK || (byte | 0x20) === 0x68;
}

function methodFlaw(byte: number, first: boolean): Refusal {
  if (first && byte === TLS_HANDSHAKE) return refusals.PN_HTTP_TLS;
  if (byte === LF || byte === CR) return refusals.PN_HTTP_LINE_END;
  return FOLD[byte] === 0 ? refusals.PN_HTTP_REQUEST_LINE : refusals.PN_HTTP_METHOD;
}

function targetFlaw(byte: number): Refusal {
  if (byte === LF) return refusals.PN_HTTP_LINE_END;
  return byte === CR || byte === SP ? refusals.PN_HTTP_REQUEST_LINE : refusals.PN_HTTP_TARGET;
}

/** Another version of HTTP is said to be that; anything else is no version. */
function versionFlaw(seen: string): Refusal {
  return /^HTTP\/[0-9](?:$|\.(?:$|[0-9]))/.test(seen) ? refusals.PN_HTTP_VERSION : refusals.PN_HTTP_REQUEST_LINE;
}
