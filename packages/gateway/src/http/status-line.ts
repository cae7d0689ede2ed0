import { CR, LF, NINE, SP, VALUE, ZERO } from "./octet.js";

const VERSION = Buffer.from("HTTP/1.");

/** The first line of a response, `HTTP/1.x SP status [SP reason] CRLF` (RFC 9112 4). Reused. */
export class StatusLine {
  versionMinor: 0 | 1 = 1;
  status = 0;
  /** The reason, which may be empty; `reasonStart` is 0 when even the space before it is missing. */
  reasonStart = 0;
  reasonEnd = 0;

  /** @returns the position after the line; 0 when it goes on beyond `end`; -1 when it is not such a line. */
  read(bytes: Buffer, start: number, end: number): number {
    let at = start;
    for (let n = 0; n < VERSION.length; n++, at++) {
      if (at === end) return 0;
      if (bytes[at] !== VERSION[n]) return -1;
    }
    if (at === end) return 0;
    const minor = bytes[at]! - ZERO;
    if (minor !== 0 && minor !== 1) return -1;
    this.versionMinor = minor;
    at++;
    if (at === end) return 0;
    if (bytes[at] !== SP) return -1;
    at++;

    let status = 0;
    for (let n = 0; n < 3; n++, at++) {
      if (at === end) return 0;
      const byte = bytes[at]!;
      if (byte < ZERO || byte > NINE) return -1;
      status = status * 10 + byte - ZERO;
    }
    if (status < 100 || status > 599) return -1;
    this.status = status;
    if (at === end) return 0;

    this.reasonStart = 0;
    if (bytes[at] === SP) {
      this.reasonStart = ++at;
      while (at < end && VALUE[bytes[at]!] !== 0) at++;
      if (at === end) return 0;
    }
    this.reasonEnd = at;
    if (bytes[at] !== CR) return -1;
    if (at + 1 === end) return 0;
    return bytes[at + 1] === LF ? at + 2 : -1;
  }
}
