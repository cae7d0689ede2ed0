import { WRITE_MEMORY } from "@postern/net";
import { ConnectionOptions } from "./connection-options.js";
import { Field, NOT_RETURNED } from "./field-name.js";
import { DEFAULT_HEAD_LIMITS, FieldSection, type HeadLimits } from "./field-section.js";
import { Framing, framingLength, writeFraming } from "./framing.js";
import { type Refusal, refusals } from "./refusal.js";
import { StatusLine } from "./status-line.js";
import { isText, textOf, writeText } from "./latin1.js";
import { parseProtocols } from "./list.js";

/**
 * How the body of a response ends: there is none, after `contentLength` bytes, after the last chunk, or with the
 * connection.
 */
export type ResponseBody = "none" | "length" | "chunked" | "close";

/** Decides which cookies are not passed on. */
export interface CookieFilter {
  /** @param start position of the value of a Set-Cookie field in `bytes`; it ends before `end` */
  isSetBy(bytes: Buffer, start: number, end: number): boolean;
}

/** How a head is written for a visitor. */
export interface ResponseOptions {
  /** The visitor's `versionMinor`. HTTP/1.0 has no chunks: its body is bare data and ends with the connection. */
  visitorMinor: 0 | 1;
  /** Close the visitor's connection after this response. Always done if the body ends with the connection. */
  close: boolean;
  /** Lines to add, each ended by CRLF. */
  lines?: string;
}

// Used only while a head is read, so all heads share them.
const LINE = new StatusLine();
const FRAMING = new Framing();
const CONNECTION = new ConnectionOptions();

/**
 * The head of an origin's response. It is read as strictly as a visitor's request, because origins are not trusted
 * either. Reused.
 */
export class ResponseHead {
  /** Why `read` returned -1, for the visitor. It is always the same refusal. */
  refusal: Refusal | undefined = undefined;
  /** Why `read` returned -1, for the log. */
  flaw: Refusal | undefined = undefined;

  versionMinor: 0 | 1 = 1;
  /** 100 to 999. */
  status = 0;
  body: ResponseBody = "none";
  /** Content-Length; -1 without the field. Only informative if there is no body (HEAD, 304). */
  contentLength = -1;
  /** Whether the head says that the body has chunks. Only informative if there is no body. */
  chunked = false;
  /** Whether the origin's connection can be used for another request after this response. */
  keepAlive = true;
  /** A first piece of the body of at most this many bytes is sent in one piece with the head. */
  readonly mostJoined = 16 * 1024;
  /** The idle time in `Keep-Alive: timeout=`, in seconds; -1 without the field. */
  keepAliveTimeout = -1;
  /** With status 101: the new protocol. */
  upgrade = "";

  readonly #limits: HeadLimits;
  readonly #fields = new FieldSection();
  /** The last Keep-Alive value, cached because origins repeat it. */
  #keepAliveText = "";
  #timeout = -1;
  #bytes: Buffer = NOTHING;
  #start = 0;
  /** Whether the status line can be passed on unchanged. */
  #isLineVerbatim = false;
  #reasonStart = 0;
  #reasonEnd = 0;
  #fieldsStart = 0;

  constructor(limits: HeadLimits = DEFAULT_HEAD_LIMITS) {
    this.#limits = limits;
  }

  /**
   * Reads the head at `start`. Read again from the same `start` when more bytes have arrived.
   * @param method the request's method: a response to HEAD has no body
   * @param upgrade the protocols that the request offered (`RequestHead.upgrade`); if there are none, a 101 is refused
   * @returns its length; 0 when it continues beyond `end` and is valid so far; -1 when it is refused (see `refusal`,
   * `flaw`).
   */
  read(bytes: Buffer, start: number, end: number, method: string, upgrade: string): number {
    this.#bytes = bytes;
    this.#start = start;
    const limit = start + this.#limits.bytes;
    const until = end < limit ? end : limit;

    const line = LINE;
    const fieldsStart = line.read(bytes, start, until);
    if (fieldsStart < 0) return this.#refuse(line.refusal!);
    if (fieldsStart === 0) return end < limit ? 0 : this.#refuse(refusals.PN_HTTP_HEAD_TOO_LARGE);
    this.#fieldsStart = fieldsStart;
    this.versionMinor = line.versionMinor;
    this.status = line.status;
    this.#isLineVerbatim = line.isPlainVersion && line.reasonStart > 0;
    this.#reasonStart = line.reasonStart;
    this.#reasonEnd = line.reasonEnd;

    const next = this.#fields.read(bytes, fieldsStart, until, this.#limits.fields);
    if (next < 0) return this.#refuse(this.#fields.refusal!);
    if (next === 0) return end < limit ? 0 : this.#refuse(refusals.PN_HTTP_HEAD_TOO_LARGE);

    const flaw = this.#understand(bytes, method, upgrade);
    return flaw === undefined ? next - start : this.#refuse(flaw);
  }

  /** Drops the cookies for `domain`. @returns whether there were any. */
  dropCookies(domain: CookieFilter): boolean {
    const fields = this.#fields;
    let hasDropped = false;
    for (let n = fields.find(Field.setCookie); n >= 0; n = fields.find(Field.setCookie, n + 1)) {
      if (!domain.isSetBy(this.#bytes, fields.valueStart(n), fields.valueEnd(n))) continue;
      fields.drop(n);
      hasDropped = true;
    }
    return hasDropped;
  }

  /** Drops the fields of these names (lower case). */
  without(names: readonly string[]): this {
    for (const name of names) this.#fields.dropNamed(this.#bytes, name);
    return this;
  }

  /** Status line and end-to-end fields, each line ended by CRLF. Framing is not included. */
  text(): string {
    const fields = this.#fields;
    fields.gather(this.#fieldsStart, NOT_RETURNED);
    const bytes = Buffer.allocUnsafe(fields.spanBytes);
    fields.copyTo(bytes, 0, this.#bytes);
    return `HTTP/1.1 ${this.status} ${this.#reason()}\r\n${textOf(bytes, 0, bytes.length)}`;
  }

  /** Whether the visitor gets a Date field of the origin. */
  get hasDate(): boolean {
    return this.#fields.find(Field.date) >= 0;
  }

  /** Whether the response is a stream of events, which may be silent for any time. */
  get isEventStream(): boolean {
    const index = this.#fields.sole(this.#bytes, "content-type", Field.other);
    return index >= 0 && EVENT_STREAM.test(this.#fields.value(this.#bytes, index));
  }

  /** Releases the bytes, which an idle connection would keep in memory. `write` is invalid from then on. */
  release(): void {
    this.#bytes = NOTHING;
  }

  /**
   * The head for the visitor: HTTP/1.1, the origin's end-to-end fields in their order, our own framing.
   * @param body bytes to add after it, so that both are one piece
   */
  write(options: ResponseOptions, body: Buffer = NOTHING): Buffer {
    const verbatim = this.#isLineVerbatim;
    const lead = verbatim ? "" : `HTTP/1.1 ${this.status} ${this.#reason()}\r\n`;
    const fields = this.#fields;
    fields.gather(verbatim ? this.#start : this.#fieldsStart, NOT_RETURNED);

    // An HTTP/1.0 visitor receives the data without chunk framing, and the end of the connection ends it.
    const framed = !this.chunked || options.visitorMinor === 1;
    const { lines = "" } = options;
    const tail = this.#lastLines(options);
    const length = lead.length + fields.spanBytes + (framed ? framingLength(this) : 0) + lines.length + tail.length;
    const head = WRITE_MEMORY.take(length + body.length);
    let at = writeText(head, 0, lead);
    at = fields.copyTo(head, at, this.#bytes);
    if (framed) at = writeFraming(head, at, this);
    at = writeText(head, at, lines);
    at = writeText(head, at, tail);
    if (body.length > 0) head.set(body, at);
    return head;
  }

  /**
   * Calls `visit` with each end-to-end field, in the origin's order: for protocols with another form of head. Framing
   * is not included.
   */
  eachField(visit: (name: string, value: string) => void): void {
    this.#fields.each(this.#bytes, NOT_RETURNED, visit);
  }

  #reason(): string {
    return this.#reasonStart === 0 ? "" : textOf(this.#bytes, this.#reasonStart, this.#reasonEnd);
  }

  /** Whether the visitor's connection closes after this response: because of `close`, or because that ends the body. */
  closes({ visitorMinor, close }: ResponseOptions): boolean {
    return close || this.body === "close" || (this.body === "chunked" && visitorMinor === 0);
  }

  #lastLines(options: ResponseOptions): string {
    if (this.status === 101) return `Connection: Upgrade\r\nUpgrade: ${this.upgrade}\r\n\r\n`;
    if (this.status < 200) return "\r\n";
    return `${connectionLine(this.closes(options), options.visitorMinor)}\r\n`;
  }

  #understand(bytes: Buffer, method: string, offered: string): Refusal | undefined {
    const fields = this.#fields;
    if (!FRAMING.read(fields, bytes, this.versionMinor)) return FRAMING.refusal;
    this.contentLength = FRAMING.contentLength;
    this.chunked = FRAMING.chunked;
    const connection = CONNECTION;
    if (!connection.read(fields, bytes)) return refusals.PN_HTTP_CONNECTION;
    this.keepAlive = !connection.close && (this.versionMinor === 1 || connection.keepAlive);
    this.keepAliveTimeout = this.#readTimeout(bytes);
    this.upgrade = "";

    if (this.status < 200 || this.status === 204) {
      // Such a response has neither body nor framing (RFC 9110 8.6, RFC 9112 6.1). An origin that sends framing may
      // also send a body, so its connection is not reused.
      if (this.chunked || this.contentLength > 0) this.keepAlive = false;
      this.contentLength = -1;
      this.chunked = false;
    }
    if (this.status < 200 || this.status === 204 || this.status === 304 || method === "HEAD") this.body = "none";
    else if (this.chunked) this.body = "chunked";
    else if (this.contentLength >= 0) this.body = "length";
    else this.body = "close";
    if (this.body === "close") this.keepAlive = false;
    return this.status === 101 ? this.#readUpgrade(bytes, offered) : undefined;
  }

  #readTimeout(bytes: Buffer): number {
    const fields = this.#fields;
    const index = fields.find(Field.keepAlive);
    if (index < 0) return -1;
    if (!isText(bytes, fields.valueStart(index), fields.valueEnd(index), this.#keepAliveText)) {
      this.#keepAliveText = fields.value(bytes, index);
      this.#timeout = parseTimeout(this.#keepAliveText);
    }
    return this.#timeout;
  }

  /** A 101 must name one of the offered protocols. */
  #readUpgrade(bytes: Buffer, offered: string): Refusal | undefined {
    const fields = this.#fields;
    const index = fields.find(Field.upgrade);
    const offer = parseProtocols(offered) ?? [];
    const valid = index >= 0 && !fields.repeats(Field.upgrade) && CONNECTION.upgrade && this.versionMinor === 1;
    const chosen = valid ? fields.value(bytes, index) : "";
    if (!offer.includes(chosen.toLowerCase())) return refusals.PN_HTTP_UPGRADE;
    this.upgrade = chosen;
    this.keepAlive = false;
    return undefined;
  }

  #refuse(flaw: Refusal): number {
    this.flaw = flaw;
    this.refusal = refusals.PN_ORIGIN_INVALID;
    return -1;
  }
}

const NOTHING = Buffer.alloc(0);
/** With or without parameters. */
const EVENT_STREAM = /^text\/event-stream(?:$|[\s;])/i;

/** The timeout in a Keep-Alive value (`timeout=5, max=100`), in seconds; -1 if there is none. */
function parseTimeout(value: string): number {
  for (const parameter of value.split(",")) {
    const [name = "", seconds = ""] = parameter.split("=", 2);
    if (name.trim().toLowerCase() === "timeout" && /^[0-9]{1,9}$/.test(seconds.trim())) return Number(seconds);
  }
  return -1;
}

/** The Connection line; empty if there is none: an HTTP/1.0 connection needs one to stay open. */
export function connectionLine(closes: boolean, visitorMinor: 0 | 1): string {
  if (closes) return "Connection: close\r\n";
  return visitorMinor === 0 ? "Connection: keep-alive\r\n" : "";
}
