import { WRITE_MEMORY } from "@postern/net";
import { type Authority, parseAuthority } from "./authority.js";
import { ConnectionOptions } from "./connection-options.js";
import { Field, fieldSet, NOT_FORWARDED } from "./field-name.js";
import { DEFAULT_HEAD_LIMITS, FieldSection, type HeadLimits } from "./field-section.js";
import { Framing, framingLength, writeFraming } from "./framing.js";
import { firstLine, isText, textOf, writeText } from "./latin1.js";
import { parseProtocols, withoutOptionalProtocols } from "./list.js";
import { ASTERISK, COLON, CR, SLASH, SP } from "./octet.js";
import { type Refusal, refusals } from "./refusal.js";
import type { ForwardOptions } from "./request.js";
import { RequestLine } from "./request-line.js";
import { parseAbsoluteTarget, samePlace } from "./request-target.js";
import { acceptsTrailers } from "./trailers.js";

// Used only while a head is read, so all heads share them.
const LINE = new RequestLine();
const FRAMING = new Framing();
const CONNECTION = new ConnectionOptions();

/**
 * Reads the head of a request as strictly as RFC 9112 requires, and more strictly where implementations are known to
 * differ. Reused for request after request. After `read` has returned a length, all members describe that head until
 * its bytes change (see `keep`). After a refusal only `refusal`, `method`, `versionMinor` and `accept` are valid, as
 * far as the head was understood.
 */
export class RequestHead {
  /** Why `read` returned -1. */
  refusal: Refusal | undefined = undefined;
  /** Empty until it is understood. */
  method = "";
  /** 1: HTTP/1.1 or later, 0: HTTP/1.0. */
  versionMinor: 0 | 1 = 1;
  /** Canonical: lower case, no port, no trailing dot, IPv6 in brackets. Empty only in HTTP/1.0. */
  host = "";
  /** Canonical `host` or `host:port`, for Host and X-Forwarded-Host. */
  authority = "";
  /** Body bytes; -1 without Content-Length. */
  contentLength = -1;
  chunked = false;
  /** Whether the visitor wants to send more requests on this connection. */
  keepAlive = false;
  /**
   * The protocols that a valid upgrade request offers, as the visitor wrote them, without other versions of HTTP and
   * TLS; otherwise empty.
   */
  upgrade = "";
  /** Whether the visitor waits for 100 Continue before it sends the body. */
  expectContinue = false;
  /** Whether the visitor accepts trailers in the response. */
  acceptsTrailers = false;
  /** With OPTIONS: how many proxies the request may still pass, this one included; -1: any number. */
  maxForwards = -1;

  readonly #limits: HeadLimits;
  readonly #fields = new FieldSection();
  #bytes: Buffer = NOTHING;
  /** Where the head begins in the bytes, and ends. */
  #start = 0;
  #end = 0;
  #isKept = false;
  /** The memory of the copy, used again for the next heads. */
  #copy: Buffer = NOTHING;
  /** Where the start line begins, after empty lines. */
  #lineStart = 0;
  #fieldsStart = 0;
  /** Where path and query begin and end, and the text to put before them (for an absolute form without a path). */
  #pathStart = 0;
  #pathEnd = 0;
  #pathPrefix = "";
  /** The last Host and path, cached because visitors repeat them. */
  #hostText = "";
  #place: Authority = NOWHERE;
  #path = "";
  /** Whether start line and Host can be passed on unchanged: HTTP/1.1, no absolute form, and a canonical Host. */
  #verbatim = false;

  constructor(limits: HeadLimits = DEFAULT_HEAD_LIMITS) {
    this.#limits = limits;
  }

  /**
   * Reads the head at `start`. Read again from the same `start` when more bytes have arrived.
   * @returns its length; 0 when it continues beyond `end` and is valid so far; -1 when it is refused (see `refusal`).
   */
  read(bytes: Buffer, start: number, end: number): number {
    this.#bytes = bytes;
    this.#start = this.#lineStart = start;
    this.#fieldsStart = 0;
    this.#isKept = false;
    this.#fields.clear();
    this.method = "";
    this.versionMinor = 1;
    const limit = start + this.#limits.bytes;
    const until = (this.#end = end < limit ? end : limit);

    const line = LINE;
    const fieldsStart = line.read(bytes, start, until);
    if (fieldsStart === 0) return end < limit ? 0 : this.#refuse(refusals.PN_HTTP_REQUEST_LINE_TOO_LONG);
    this.method = line.method;
    if (fieldsStart < 0) return this.#refuse(line.refusal!);
    this.versionMinor = line.versionMinor;
    this.#lineStart = line.start;
    this.#fieldsStart = fieldsStart;

    const next = this.#fields.read(bytes, fieldsStart, until, this.#limits.fields);
    if (next === 0) return end < limit ? 0 : this.#refuse(refusals.PN_HTTP_HEAD_TOO_LARGE);
    if (next < 0) return this.#refuse(this.#fields.refusal!);

    const flaw = this.#understand();
    if (flaw !== undefined) return this.#refuse(flaw);
    this.refusal = undefined;
    this.#end = next;
    return next - start;
  }

  /** The request line as received, without its end; of a head that is not valid, what arrived of its first line. */
  get line(): string {
    if (this.#fieldsStart > 0) return textOf(this.#bytes, this.#lineStart, this.#fieldsStart - 2);
    return firstLine(this.#bytes, this.#lineStart, this.#end);
  }

  /** Path and query, byte for byte as received; `*` for OPTIONS in asterisk form. */
  get path(): string {
    const end = this.#pathEnd;
    if (!isText(this.#bytes, this.#pathStart, end, this.#path)) this.#path = textOf(this.#bytes, this.#pathStart, end);
    return this.#pathPrefix === "" ? this.#path : this.#pathPrefix + this.#path;
  }

  /** The Accept field; empty without one. */
  get accept(): string {
    const index = this.#fields.find(Field.accept);
    return index < 0 ? "" : this.#fields.value(this.#bytes, index);
  }

  /** Whether the request has a condition (`If-…`) or a Range. */
  get isConditional(): boolean {
    return this.#fields.has(Field.condition);
  }

  /**
   * The values of all fields of this meaning, or of those named `name` (lower case), joined. Trust identity
   * fields (X-Forwarded-For and others) only from trusted proxies.
   */
  fieldValues(field: Field, name?: string, separator = ","): string {
    const fields = this.#fields;
    if (!fields.has(field)) return "";
    const values: string[] = [];
    for (let n = fields.find(field); n >= 0; n = fields.find(field, n + 1)) {
      if (name === undefined || fields.isNamed(this.#bytes, n, name)) values.push(fields.value(this.#bytes, n));
    }
    return values.join(separator);
  }

  /** The value of the only field of this meaning named `name` (lower case); empty unless there is exactly one. */
  fieldValue(name: string, field: Field = Field.other): string {
    const index = this.#fields.sole(this.#bytes, name, field);
    return index < 0 ? "" : this.#fields.value(this.#bytes, index);
  }

  repeatedValue(name: string, last: string): string {
    const n = this.#fields.sole(this.#bytes, name, Field.other);
    return n < 0 ? "" : this.#fields.repeatedValue(this.#bytes, n, last);
  }

  /** Treats fields named `name` (lower case) like other identity fields, unless the gateway writes them itself. */
  claimIdentity(name: string): void {
    this.#fields.claimIdentity(this.#bytes, name);
  }

  /** Passes on the identity field `name` (lower case) if it occurs only once. Call it before each `write`. */
  admitIdentity(name: string): void {
    this.#fields.admitIdentity(this.#bytes, name);
  }

  /**
   * Copies the head's bytes, so that it stays valid when they change. Call it only after a `read` that returned a
   * length.
   */
  keep(): void {
    if (this.#isKept) return;
    const length = this.#end - this.#start;
    if (this.#copy.length < length) this.#copy = Buffer.allocUnsafe(length);
    const copy = this.#copy;
    this.#bytes.copy(copy, 0, this.#start, this.#end);
    // Positions refer to the buffer, so a head at another position is read again from the copy.
    if (this.#start === 0) this.#bytes = copy;
    else this.read(copy, 0, length);
    this.#isKept = true;
  }

  /**
   * Releases the bytes, which an idle connection would keep in memory. `path`, `accept` and `write` are invalid from
   * then on.
   */
  release(): void {
    this.#bytes = NOTHING;
    this.#start = this.#end = 0;
    this.#fields.clear();
    this.#path = this.#pathPrefix = "";
    this.#pathStart = this.#pathEnd = 0;
  }

  /** Releases the bytes, and the memory that depends on the largest head so far. */
  shrink(): void {
    this.release();
    this.#copy = NOTHING;
    this.#fields.shrink();
  }

  /**
   * The head for the origin: HTTP/1.1, origin form, one canonical Host, the visitor's end-to-end fields in their order,
   * our own framing, `identity` (complete lines, each ended by CRLF), which a visitor can neither forge nor delete, and
   * X-Request-Id unless `requestId` is empty. All parts are written one by one: V8 would copy a joined string again.
   */
  write(identity: string, requestId = "", options?: ForwardOptions): Buffer {
    const verbatim = this.#verbatim && options?.hostHeader === undefined && options?.path === undefined;
    const path = verbatim ? "" : (options?.path ?? this.path);
    const host = verbatim ? "" : (options?.hostHeader ?? this.authority);
    const lead = verbatim ? 0 : this.method.length + 1 + path.length + HOST_LINE.length + host.length + 2;
    const tail = this.#lastLines(options?.expectContinue ?? this.expectContinue);
    const fields = this.#fields;
    const framing = options?.framing ?? this;
    const dropped = this.maxForwards < 0 ? NOT_FORWARDED : NOT_FORWARDED | MAX_FORWARDS;
    if (verbatim) fields.gather(this.#lineStart, dropped);
    else fields.gather(this.#fieldsStart, dropped | HOST);

    const ours = identity.length + (requestId === "" ? 0 : REQUEST_ID.length + requestId.length + 2);
    const head = WRITE_MEMORY.take(lead + fields.spanBytes + framingLength(framing) + ours + tail.length);
    let at = verbatim ? 0 : this.#writeFirstLines(head, path, host);
    at = fields.copyTo(head, at, this.#bytes);
    at = writeFraming(head, at, framing);
    at = writeText(head, at, identity);
    if (requestId !== "") {
      at = writeText(head, at, REQUEST_ID);
      at = writeText(head, at, requestId);
      at = writeText(head, at, "\r\n");
    }
    writeText(head, at, tail);
    return head;
  }

  #writeFirstLines(head: Buffer, path: string, host: string): number {
    let at = writeText(head, 0, this.method);
    at = writeText(head, at, " ");
    at = writeText(head, at, path);
    at = writeText(head, at, HOST_LINE);
    at = writeText(head, at, host);
    return writeText(head, at, "\r\n");
  }

  #lastLines(expectContinue: boolean): string {
    if (this.upgrade !== "") return `Connection: Upgrade\r\nUpgrade: ${this.upgrade}\r\n\r\n`;
    const forwards = this.maxForwards > 0 ? `Max-Forwards: ${this.maxForwards - 1}\r\n` : "";
    const trailers = this.acceptsTrailers ? TRAILERS : "";
    return forwards + trailers + (expectContinue ? "Expect: 100-continue\r\n\r\n" : "\r\n");
  }

  #understand(): Refusal | undefined {
    const framing = FRAMING;
    if (!framing.read(this.#fields, this.#bytes, this.versionMinor)) return framing.refusal;
    this.contentLength = framing.contentLength;
    this.chunked = framing.chunked;
    const flaw =
      this.#readHost() ?? this.#readTarget() ?? this.#readConnection() ?? this.#readUpgrade() ?? this.#readExpect();
    if (flaw !== undefined) return flaw;
    // Trailers pass in both directions, so `trailers` is the only TE value that is passed on. A 101 has none.
    const fields = this.#fields;
    const mayHaveTrailers = fields.has(Field.te) && this.versionMinor === 1 && this.upgrade === "";
    this.acceptsTrailers = mayHaveTrailers && acceptsTrailers(fields, this.#bytes);
    this.#readMaxForwards();
    return undefined;
  }

  #readHost(): Refusal | undefined {
    const fields = this.#fields;
    const index = fields.find(Field.host);
    if (index < 0) {
      if (this.versionMinor === 1) return refusals.PN_HTTP_HOST_MISSING;
      this.#place = NOWHERE;
      this.#hostText = "";
    } else {
      if (fields.repeats(Field.host)) return refusals.PN_HTTP_HOST_REPEATED;
      if (
        this.#hostText === "" ||
        !isText(this.#bytes, fields.valueStart(index), fields.valueEnd(index), this.#hostText)
      ) {
        this.#hostText = "";
        const text = fields.value(this.#bytes, index);
        const place = parseAuthority(text);
        if (place === undefined) return refusals.PN_HTTP_HOST;
        this.#hostText = text;
        this.#place = place;
      }
    }
    this.host = this.#place.host;
    this.authority = this.#place.text;
    this.#verbatim = LINE.isPlainVersion && this.#hostText === this.authority && this.#isPlainLine(index);
    return undefined;
  }

  /**
   * Whether a field line has no white space except at most one space before its value: implementations differ on
   * whether other white space belongs to the value.
   */
  #isPlainLine(index: number): boolean {
    const start = this.#fields.valueStart(index);
    const colon = this.#bytes[start - 1] === SP ? start - 2 : start - 1;
    return this.#bytes[colon] === COLON && this.#bytes[this.#fields.valueEnd(index)] === CR;
  }

  #readTarget(): Refusal | undefined {
    const { targetStart, targetEnd } = LINE;
    this.#pathStart = targetStart;
    this.#pathEnd = targetEnd;
    this.#pathPrefix = "";
    const first = this.#bytes[targetStart];
    if (first === SLASH) return undefined;
    if (first === ASTERISK && targetEnd === targetStart + 1 && this.method === "OPTIONS") return undefined;

    const target = parseAbsoluteTarget(textOf(this.#bytes, targetStart, targetEnd));
    if (target === undefined) return refusals.PN_HTTP_TARGET;
    if (!this.#fields.has(Field.host)) {
      this.host = target.authority.host;
      this.authority = target.authority.text;
    } else if (!samePlace(target.authority, this.#place, target.defaultPort)) return refusals.PN_HTTP_HOST_MISMATCH;
    this.#verbatim = false;
    this.#pathStart = targetStart + target.pathStart;
    if (this.#pathStart === targetEnd) this.#pathPrefix = this.method === "OPTIONS" ? "*" : "/";
    else if (this.#bytes[this.#pathStart] !== SLASH) this.#pathPrefix = "/";
    return undefined;
  }

  #readConnection(): Refusal | undefined {
    this.keepAlive = this.versionMinor === 1;
    if (!this.#fields.has(Field.connection)) return undefined;
    const connection = CONNECTION;
    if (!connection.read(this.#fields, this.#bytes)) return refusals.PN_HTTP_CONNECTION;
    this.keepAlive = !connection.close && (this.versionMinor === 1 || connection.keepAlive);
    return undefined;
  }

  /**
   * An offer that cannot be accepted is ignored (RFC 9110 7.8). Offers of HTTP/2 and TLS are removed, so that no server
   * behind the gateway accepts them: common HTTP clients make them with every plain request, and continue without them.
   */
  #readUpgrade(): Refusal | undefined {
    this.upgrade = "";
    const fields = this.#fields;
    if (!fields.has(Field.upgrade)) return undefined;
    if (fields.repeats(Field.upgrade)) return refusals.PN_HTTP_UPGRADE;
    const value = fields.value(this.#bytes, fields.find(Field.upgrade));
    const protocols = parseProtocols(value);
    if (protocols === undefined || protocols.length === 0) return refusals.PN_HTTP_UPGRADE;
    const asked = fields.has(Field.connection) && CONNECTION.upgrade;
    const bodyless = !this.chunked && this.contentLength <= 0;
    if (!asked || !bodyless || this.method !== "GET" || this.versionMinor !== 1) return undefined;
    this.upgrade = withoutOptionalProtocols(value);
    return undefined;
  }

  #readExpect(): Refusal | undefined {
    this.expectContinue = false;
    const fields = this.#fields;
    if (!fields.has(Field.expect)) return undefined;
    const met = !fields.repeats(Field.expect) && fields.valueIs(this.#bytes, fields.find(Field.expect), "100-continue");
    if (!met) return refusals.PN_HTTP_EXPECTATION;
    // HTTP/1.0 has no 100 (RFC 9110 10.1.1), and without a body there is nothing to wait for.
    this.expectContinue = this.versionMinor === 1 && (this.chunked || this.contentLength > 0);
    return undefined;
  }

  /** A proxy counts down Max-Forwards of OPTIONS (RFC 9110 7.6.2). A malformed one is passed on as it came. */
  #readMaxForwards(): void {
    this.maxForwards = -1;
    const fields = this.#fields;
    if (!fields.has(Field.maxForwards) || this.method !== "OPTIONS" || fields.repeats(Field.maxForwards)) return;
    const value = fields.value(this.#bytes, fields.find(Field.maxForwards));
    if (/^[0-9]+$/.test(value)) this.maxForwards = Math.min(Number(value), MOST_FORWARDS);
  }

  #refuse(refusal: Refusal): number {
    this.refusal = refusal;
    this.keepAlive = false;
    return -1;
  }
}

const NOTHING = Buffer.alloc(0);
const NOWHERE: Authority = { host: "", port: "", text: "" };
/** TE is a hop-by-hop field, so Connection has to name it. */
const TRAILERS = "Connection: TE\r\nTE: trailers\r\n";
const REQUEST_ID = "X-Request-Id: ";
/** The end of a request line, and the beginning of the next. */
const HOST_LINE = " HTTP/1.1\r\nHost: ";

const HOST = fieldSet(Field.host);
const MAX_FORWARDS = fieldSet(Field.maxForwards);
/** A larger Max-Forwards is lowered to this. */
const MOST_FORWARDS = 999;
