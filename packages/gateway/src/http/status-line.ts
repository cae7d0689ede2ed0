import { CR, LF, NINE, SP, VALUE, ZERO } from "./octet.js";
import { type Refusal, refusals } from "./refusal.js";

const VERSION = Buffer.from("HTTP/1.");

/** The first line of a response, `HTTP/1.x SP status [SP reason] CRLF` (RFC 9112 4). Reused. */
export class StatusLine {
  /** 1 for every version from HTTP/1.1 on. */
  versionMinor: 0 | 1 = 1;
  /** Whether the version is exactly HTTP/1.1. */
  isPlainVersion = true;
  status = 0;
  /** The reason, which may be empty; `reasonStart` is 0 when even the space before it is missing. */
  reasonStart = 0;
  reasonEnd = 0;
  refusal: Refusal | undefined = undefined;

  /**
   * @returns the position after the line; 0 when the line continues beyond `end`; -1 when it is not a valid status
   *   line (see `refusal`).
   */
  read(bytes: Buffer, start: number, end: number): number {
    let at = start;
    for (let n = 0; n < VERSION.length; n++, at++) {
      if (at === end) return 0;
      if (bytes[at] !== VERSION[n]) return this.#refuse();
    }
    if (at === end) return 0;
    const minor = bytes[at]! - ZERO;
    if (minor < 0 || minor > 9) return this.#refuse();
    // A later HTTP/1.x is read as the version that is implemented (RFC 9110 2.5).
    this.versionMinor = minor === 0 ? 0 : 1;
    this.isPlainVersion = minor === 1;
    at++;
    if (at === end) return 0;
    if (bytes[at] !== SP) return this.#refuse();
    at++;

    let status = 0;
    for (let n = 0; n < 3; n++, at++) {
      if (at === end) return 0;
      const byte = bytes[at]!;
      if (byte < ZERO || byte > NINE) return this.#refuse();
      status = status * 10 + byte - ZERO;
    }
    if (status < 100) return this.#refuse();
    this.status = status;
    if (at === end) return 0;

    this.reasonStart = 0;
    if (bytes[at] === SP) {
      this.reasonStart = ++at;
      while (at < end && VALUE[bytes[at]!] !== 0) at++;
      if (at === end) return 0;
    }
    this.reasonEnd = at;
    if (bytes[at] !== CR) return this.#refuse(bytes[at] === LF ? refusals.PN_HTTP_LINE_END : undefined);
    if (at + 1 === end) return 0;
    return bytes[at + 1] === LF ? at + 2 : this.#refuse();
  }

  #refuse(refusal: Refusal = refusals.PN_HTTP_STATUS_LINE): number {
    this.refusal = refusal;
    return -1;
  }
}
