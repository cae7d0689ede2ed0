import { isText, textOf } from "./latin1.js";
import { ASTERISK, CR, FOLD, LF, METHOD, NINE, SLASH, SP, TARGET, ZERO } from "./octet.js";
import { type Refusal, refusals } from "./refusal.js";

const LONGEST_METHOD = 32;
const TLS_HANDSHAKE = 0x16;
const VERSION = Buffer.from("HTTP/1.");
/** Position of the major version in it. */
const MAJOR = 5;
const COMMON = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"];

/** Empty lines before a request: some programs send CRLF after a body. */
const MOST_EMPTY_LINES = 2;

/**
 * The first line of a request, `METHOD target HTTP/1.x CRLF` (RFC 9112 3), and at most two empty lines before it.
 * Reused.
 */
export class RequestLine {
  /** Where the line itself begins, after empty lines. */
  start = 0;
  /** Empty until it is understood. */
  method = "";
  targetStart = 0;
  targetEnd = 0;
  /** 1 for every version from HTTP/1.1 on. */
  versionMinor: 0 | 1 = 1;
  /** Whether the version is exactly HTTP/1.1. */
  isPlainVersion = true;
  refusal: Refusal | undefined = undefined;

  /**
   * @returns the position after the line; 0 when the line continues beyond `end`; -1 when it is refused (see
   *   `refusal`).
   */
  read(bytes: Buffer, start: number, end: number): number {
    this.method = "";
    let at = start;
    for (let n = 0; n < MOST_EMPTY_LINES && at < end && bytes[at] === CR; n++) {
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
    // 501, not 405: 405 must list the allowed methods, which only the origin knows.
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
      if (bytes[at] !== VERSION[n])
        return this.#refuse(n === MAJOR ? versionFlaw(bytes[at]!) : refusals.PN_HTTP_REQUEST_LINE);
    }
    if (at === end) return 0;
    const minor = bytes[at]! - ZERO;
    if (minor < 0 || minor > 9) return this.#refuse(refusals.PN_HTTP_REQUEST_LINE);
    // A later HTTP/1.x is read as the version that is implemented (RFC 9110 2.5).
    this.versionMinor = minor === 0 ? 0 : 1;
    this.isPlainVersion = minor === 1;
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

/** The method; common ones without making a string. */
function methodName(bytes: Buffer, start: number, end: number): string {
  for (let n = 0; n < COMMON.length; n++) if (isText(bytes, start, end, COMMON[n]!)) return COMMON[n]!;
  return textOf(bytes, start, end);
}

function beginsTarget(byte: number): boolean {
  return byte === SLASH || byte === ASTERISK || (byte | 0x20) === 0x68;
}

function methodFlaw(byte: number, first: boolean): Refusal {
  if (first && byte === TLS_HANDSHAKE) return refusals.PN_HTTP_TLS;
  if (byte === LF) return refusals.PN_HTTP_LINE_END;
  return FOLD[byte] === 0 ? refusals.PN_HTTP_REQUEST_LINE : refusals.PN_HTTP_METHOD;
}

function targetFlaw(byte: number): Refusal {
  if (byte === LF) return refusals.PN_HTTP_LINE_END;
  return byte === CR || byte === SP ? refusals.PN_HTTP_REQUEST_LINE : refusals.PN_HTTP_TARGET;
}

/** A different digit is a different major version of HTTP. */
function versionFlaw(byte: number): Refusal {
  return byte >= ZERO && byte <= NINE ? refusals.PN_HTTP_VERSION : refusals.PN_HTTP_REQUEST_LINE;
}
