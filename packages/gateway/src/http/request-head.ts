import { parseAuthority } from "./authority.js";
import { ConnectionOptions } from "./connection-options.js";
import { Field, fieldSet } from "./field-name.js";
import { DEFAULT_HEAD_LIMITS, FieldSection, type HeadLimits } from "./field-section.js";
import { Framing } from "./framing.js";
import { SLASH } from "./octet.js";
import { type Refusal, refusals } from "./refusal.js";
import { RequestLine } from "./request-line.js";
import { textOf, writeText } from "./latin1.js";

/** How a forwarded request head differs from the visitor's. */
export interface ForwardOptions {
  /** Host for the origin instead of the visitor's; a canonical authority (`parseAuthority`). */
  hostHeader?: string | undefined;
  /** Whether the origin is asked for 100 Continue. Default: as the visitor asked. */
  expectContinue?: boolean;
}

/** What we write ourselves, or what goes no further. */
const DROPPED = fieldSet(
  Field.contentLength,
  Field.transferEncoding,
  Field.connection,
  Field.upgrade,
  Field.keepAlive,
  Field.expect,
  Field.hopByHop,
  Field.identity,
  Field.lookalike,
);
const DROPPED_WITH_HOST = DROPPED | fieldSet(Field.host);

/**
 * The head of a request, read strictly (RFC 9112, and design rules beyond it) and reused for request after request of one visitor.
 * After `read` returned a length everything below is about that head; positions stay valid while its bytes do.
 */
export class RequestHead {
  /** Why `read` returned -1. */
  refusal: Refusal | undefined = undefined;

  /** 1: HTTP/1.1, 0: HTTP/1.0. Already set when a later part of the head is refused. */
  versionMinor: 0 | 1 = 1;
  method = "";
  /** Canonical: lower case, no port, no trailing dot, IPv6 in brackets. Empty only in HTTP/1.0. */
  host = "";
  /** Canonical `host` or `host:port`, as Host and X-Forwarded-Host say it. */
  authority = "";
  /** Body bytes; -1 without Content-Length. */
  contentLength = -1;
  chunked = false;
  /** Whether the visitor wants to send more requests on this connection. */
  keepAlive = true;
  /** The protocol that a valid upgrade request asks for, as the visitor wrote it; else empty. */
  upgrade = "";
  /** The visitor waits for 100 Continue before it sends the body. */
  expectContinue = false;

  readonly #limits: HeadLimits;
  readonly #line = new RequestLine();
  readonly #fields = new FieldSection();
  readonly #framing = new Framing();
  readonly #connection = new ConnectionOptions();
  #bytes: Buffer = NOTHING;
  #fieldsStart = 0;
  /** Where path and query begin, and what is to be put before them (absolute form without a path). */
  #pathStart = 0;
  #pathPrefix = "";
  /** The Host value last understood: visitors repeat themselves. */
  #hostText = "";
  /** The head says Host in its canonical form, and the target in origin form: both can go on as they are. */
  #verbatim = false;

  constructor(limits: HeadLimits = DEFAULT_HEAD_LIMITS) {
    this.#limits = limits;
  }

  /**
   * Reads the head at `start`. Read again from the same `start` when more bytes have come.
   * @returns its length; 0 when it goes on beyond `end` and is valid so far; -1 when it is refused (see `refusal`).
   */
  read(bytes: Buffer, start: number, end: number): number {
    this.#bytes = bytes;
    this.refusal = undefined;
    const limit = start + this.#limits.bytes;
    const until = end < limit ? end : limit;

    const fieldsStart = this.#line.read(bytes, start, until);
    if (fieldsStart < 0) return this.#refuse(this.#line.refusal!);
    if (fieldsStart === 0) return end < limit ? 0 : this.#refuse(refusals.PN_HTTP_REQUEST_LINE_TOO_LONG);
    this.#fieldsStart = fieldsStart;
    this.method = this.#line.method;
    this.versionMinor = this.#line.versionMinor;

    const next = this.#fields.read(bytes, fieldsStart, until, this.#limits.fields);
    if (next < 0) return this.#refuse(this.#fields.refusal!);
    if (next === 0) return end < limit ? 0 : this.#refuse(refusals.PN_HTTP_HEAD_TOO_LARGE);

    const flaw = this.#understand(bytes);
    return flaw === undefined ? next - start : this.#refuse(flaw);
  }

  /** Path and query as the origin sees them, byte for byte as they came; `*` for OPTIONS in asterisk form. */
  get path(): string {
    return this.#pathPrefix + textOf(this.#bytes, this.#pathStart, this.#line.targetEnd);
  }

  /** What the visitor accepts as an answer; empty when it doesn't say. */
  get accept(): string {
    return this.#fields.value(this.#bytes, Field.accept);
  }

  /** Lets go of the bytes, which an idle connection would hold; path, accept and writing end with them. */
  release(): void {
    this.#bytes = NOTHING;
    this.#pathPrefix = "";
    this.#pathStart = this.#line.targetEnd = 0;
  }

  /**
   * The head as the origin gets it: HTTP/1.1, origin form, one canonical Host, the visitor's end-to-end fields in their order, our own
   * framing, and `identity`: complete lines each ended by CRLF, which the visitor could neither forge nor delete.
   */
  write(identity: string, options?: ForwardOptions): Buffer {
    const hostHeader = options?.hostHeader;
    const expectContinue = options?.expectContinue ?? this.expectContinue;
    const verbatim = this.#verbatim && this.versionMinor === 1 && hostHeader === undefined;
    const lead = verbatim ? "" : `${this.method} ${this.path} HTTP/1.1\r\nHost: ${hostHeader ?? this.authority}\r\n`;
    const fields = this.#fields;
    fields.gather(verbatim ? this.#line.start : this.#fieldsStart, verbatim ? DROPPED : DROPPED_WITH_HOST);

    let tail = identity;
    if (this.chunked) tail += "Transfer-Encoding: chunked\r\n";
    else if (this.contentLength >= 0) tail += `Content-Length: ${this.contentLength}\r\n`;
    if (expectContinue) tail += "Expect: 100-continue\r\n";
    if (this.upgrade !== "") tail += `Connection: Upgrade\r\nUpgrade: ${this.upgrade}\r\n`;
    tail += "\r\n";

    const head = Buffer.allocUnsafe(lead.length + fields.spanBytes + tail.length);
    const at = writeText(head, 0, lead);
    writeText(head, fields.copyTo(head, at, this.#bytes), tail);
    return head;
  }

  #understand(bytes: Buffer): Refusal | undefined {
    const fields = this.#fields;
    if (!this.#framing.read(fields, bytes, this.versionMinor)) return this.#framing.refusal;
    this.contentLength = this.#framing.contentLength;
    this.chunked = this.#framing.chunked;

    const hostFlaw = this.#readHost(bytes);
    if (hostFlaw !== undefined) return hostFlaw;
    const targetFlaw = this.#readTarget(bytes);
    if (targetFlaw !== undefined) return targetFlaw;

    this.keepAlive = this.versionMinor === 1;
    this.upgrade = "";
    if (fields.has(Field.connection)) {
      const connection = this.#connection;
      if (!connection.read(fields, bytes)) return refusals.PN_HTTP_CONNECTION;
      this.keepAlive = !connection.close && (this.versionMinor === 1 || connection.keepAlive);
    }
    if (fields.has(Field.upgrade)) {
      const upgradeFlaw = this.#readUpgrade(bytes);
      if (upgradeFlaw !== undefined) return upgradeFlaw;
    }
    this.expectContinue = false;
    return fields.has(Field.expect) ? this.#readExpect(bytes) : undefined;
  }

  #readHost(bytes: Buffer): Refusal | undefined {
    const fields = this.#fields;
    if (fields.repeats(Field.host)) return refusals.PN_HTTP_HOST_REPEATED;
    const index = fields.find(Field.host);
    if (index < 0) {
      this.host = this.authority = this.#hostText = "";
      this.#verbatim = false;
      return this.versionMinor === 0 ? undefined : refusals.PN_HTTP_HOST_MISSING;
    }
    const start = fields.valueStart(index);
    const end = fields.valueEnd(index);
    if (!says(bytes, start, end, this.#hostText)) {
      this.#hostText = "";
      const text = textOf(bytes, start, end);
      const authority = parseAuthority(text);
      if (authority === undefined) return refusals.PN_HTTP_HOST;
      this.#hostText = text;
      this.host = authority.host;
      this.authority = authority.text;
    }
    this.#verbatim = this.#hostText === this.authority;
    return undefined;
  }

  #readTarget(bytes: Buffer): Refusal | undefined {
    const line = this.#line;
    this.#pathPrefix = "";
    this.#pathStart = line.targetStart;
    if (bytes[line.targetStart] === SLASH) return undefined;
    if (line.targetEnd - line.targetStart === 1 && this.method === "OPTIONS") return undefined;

    const absolute = ABSOLUTE.exec(textOf(bytes, line.targetStart, line.targetEnd));
    if (absolute === null) return refusals.PN_HTTP_TARGET;
    const [all, scheme = "", named = ""] = absolute;
    const authority = parseAuthority(named);
    if (authority === undefined) return refusals.PN_HTTP_TARGET;
    const defaultPort = scheme.toLowerCase() === "http" ? ":80" : ":443";
    if (
      this.authority === "" ||
      withoutPort(authority.text, defaultPort) !== withoutPort(this.authority, defaultPort)
    ) {
      return refusals.PN_HTTP_HOST_MISMATCH;
    }
    this.#verbatim = false;
    this.#pathStart += all.length;
    if (bytes[this.#pathStart] !== SLASH) {
      this.#pathPrefix = this.method === "OPTIONS" && this.#pathStart === line.targetEnd ? "*" : "/";
    }
    return undefined;
  }

  #readUpgrade(bytes: Buffer): Refusal | undefined {
    const fields = this.#fields;
    for (let n = fields.find(Field.upgrade); n >= 0; n = fields.find(Field.upgrade, n + 1)) {
      const value = textOf(bytes, fields.valueStart(n), fields.valueEnd(n));
      if (!PROTOCOLS.test(value)) return refusals.PN_HTTP_UPGRADE;
      if (H2C.test(value)) return refusals.PN_HTTP_H2C;
    }
    const bodyless = !this.chunked && this.contentLength <= 0;
    const wished = fields.has(Field.connection) && this.#connection.upgrade;
    if (!wished || !bodyless || this.method !== "GET" || this.versionMinor === 0) return undefined;
    if (fields.repeats(Field.upgrade)) return refusals.PN_HTTP_UPGRADE;
    this.upgrade = fields.value(bytes, Field.upgrade);
    return undefined;
  }

  #readExpect(bytes: Buffer): Refusal | undefined {
    const fields = this.#fields;
    const met = !fields.repeats(Field.expect) && fields.value(bytes, Field.expect).toLowerCase() === "100-continue";
    if (!met) return refusals.PN_HTTP_EXPECTATION;
    // HTTP/1.0 knows no 100 (RFC 9110 10.1.1), and without a body there is nothing to wait with.
    this.expectContinue = this.versionMinor === 1 && (this.chunked || this.contentLength > 0);
    return undefined;
  }

  #refuse(refusal: Refusal): number {
    this.refusal = refusal;
    return -1;
  }
}

const NOTHING = Buffer.alloc(0);
const ABSOLUTE = /^(https?):\/\/([^/?]*)/i;
const PROTOCOLS =
  /^[!#$%&'*+.^_`|~0-9a-z-]+(?:\/[!#$%&'*+.^_`|~0-9a-z-]+)?(?:[ \t]*,[ \t]*[!#$%&'*+.^_`|~0-9a-z-]+(?:\/[!#$%&'*+.^_`|~0-9a-z-]+)?)*$/i;
const H2C = /(?:^|[ \t,])h2c(?:$|[ \t,/])/i;

function says(bytes: Buffer, start: number, end: number, text: string): boolean {
  if (end - start !== text.length || text === "") return false;
  for (let n = 0; n < text.length; n++) if (bytes[start + n] !== text.charCodeAt(n)) return false;
  return true;
}

function withoutPort(authority: string, port: string): string {
  return authority.endsWith(port) ? authority.slice(0, -port.length) : authority;
}
