import { isIP } from "node:net";
import { CLIENT_HELLO_LIMITS } from "../limits.js";
import { ByteStore } from "../byte-store.js";

/** The result of reading the first bytes of a connection. */
export type ClientHello =
  /** The beginning of a ClientHello: more bytes are needed. */
  | { readonly kind: "partial" }
  /** The SNI in lower case without a trailing dot; undefined without SNI. */
  | { readonly kind: "hello"; readonly serverName: string | undefined }
  /** Not TLS but text, most likely an HTTP request. */
  | { readonly kind: "text" }
  /** Not valid by RFC 8446. `alert` is the alert that reports it (section 6.2). */
  | { readonly kind: "invalid"; readonly alert: number };

/** Alerts by their numbers (RFC 8446, section 6). */
export const ALERTS = {
  unexpectedMessage: 10,
  recordOverflow: 22,
  illegalParameter: 47,
  decodeError: 50,
  protocolVersion: 70,
  unrecognizedName: 112,
} as const;

const PARTIAL: ClientHello = { kind: "partial" };
const TEXT: ClientHello = { kind: "text" };
const UNEXPECTED = invalid(ALERTS.unexpectedMessage);
const MALFORMED = invalid(ALERTS.decodeError);
const TOO_LONG = invalid(ALERTS.illegalParameter);

/** Types of records, from change_cipher_spec to heartbeat. */
const FIRST_RECORD = 20;
const HANDSHAKE = 22;
const LAST_RECORD = 24;
const CLIENT_HELLO = 1;
const LONGEST_RECORD = 16_384;
const SERVER_NAME = 0;
const HOST_NAME = 0;

/** Reads the SNI from the first bytes of a connection (RFC 8446, sections 4.1.2 and 5.1; RFC 6066, section 3). */
export function readClientHello(bytes: Buffer): ClientHello {
  return new ClientHelloReader().read(bytes);
}

/**
 * Like `readClientHello`, for bytes in pieces. Each byte is read once, no matter how the message is split into records
 * and packets.
 */
export class ClientHelloReader {
  readonly #message = new ByteStore();
  /** Bytes read of the record's header, and bytes of its content that are missing. */
  #header = 0;
  #left = 0;
  /** The length of the content, as far as the header was read. */
  #size = 0;
  #isFirst = true;

  /** Reads the next piece. After a result other than `partial`, the reader is finished. */
  read(piece: Buffer): ClientHello {
    for (let at = 0; at < piece.length;) {
      if (this.#left === 0) {
        // Byte by byte, so that other protocols are detected at once.
        const fault = this.#readHeader(piece.readUInt8(at));
        if (fault !== undefined) return fault;
        at += 1;
        continue;
      }
      const content = piece.subarray(at, at + this.#left);
      this.#message.add(content);
      this.#left -= content.length;
      at += content.length;
      const { bytes, length } = this.#message;
      if (bytes[0] !== CLIENT_HELLO) return UNEXPECTED;
      if (length < 4) continue;
      const body = bytes.readUIntBE(1, 3);
      if (body > CLIENT_HELLO_LIMITS.bytes) return TOO_LONG;
      if (length >= 4 + body) return readBody(bytes.subarray(4, 4 + body));
    }
    return PARTIAL;
  }

  /** Reads one byte of a record header. Returns what is wrong with it. */
  #readHeader(byte: number): ClientHello | undefined {
    switch (this.#header++) {
      case 0:
        return byte === HANDSHAKE ? undefined : this.#otherRecord(byte);
      case 1:
        return byte === 3 ? undefined : invalid(ALERTS.protocolVersion);
      case 2:
        return undefined;
      case 3:
        this.#size = byte << 8;
        return undefined;
      default:
        this.#header = 0;
        this.#isFirst = false;
        this.#left = this.#size + byte;
        if (this.#left === 0) return UNEXPECTED;
        return this.#left <= LONGEST_RECORD ? undefined : invalid(ALERTS.recordOverflow);
    }
  }

  #otherRecord(type: number): ClientHello {
    if (!this.#isFirst || (type >= FIRST_RECORD && type <= LAST_RECORD)) return UNEXPECTED;
    const isText = (type > 0x20 && type < 0x7f) || type === 0x0d || type === 0x0a;
    return isText ? TEXT : invalid(ALERTS.protocolVersion);
  }
}

function invalid(alert: number): ClientHello {
  return { kind: "invalid", alert };
}

/** Reads length-prefixed fields. A read past the end sets `broken`, and all further reads return nothing. */
class Fields {
  readonly #bytes: Buffer;
  #at = 0;
  broken = false;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get rest(): number {
    return this.#bytes.length - this.#at;
  }

  number(size: 1 | 2): number {
    if (this.rest < size) return this.#break();
    const value = this.#bytes.readUIntBE(this.#at, size);
    this.#at += size;
    return value;
  }

  bytes(length: number): Buffer {
    if (this.rest < length) {
      this.#break();
      return Buffer.alloc(0);
    }
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  #break(): number {
    this.broken = true;
    this.#at = this.#bytes.length;
    return 0;
  }
}

function readBody(body: Buffer): ClientHello {
  const hello = new Fields(body);
  // Version and random; session id; cipher suites; compression methods.
  hello.bytes(34);
  hello.bytes(hello.number(1));
  hello.bytes(hello.number(2));
  hello.bytes(hello.number(1));
  if (hello.broken) return MALFORMED;
  if (hello.rest === 0) return { kind: "hello", serverName: undefined };
  const extensions = new Fields(hello.bytes(hello.number(2)));
  if (hello.broken || hello.rest > 0) return MALFORMED;
  let serverName: string | undefined;
  while (extensions.rest > 0) {
    const type = extensions.number(2);
    const data = extensions.bytes(extensions.number(2));
    if (extensions.broken) return MALFORMED;
    if (type !== SERVER_NAME) continue;
    // Readers could disagree about a repeated extension.
    if (serverName !== undefined) return invalid(ALERTS.illegalParameter);
    const name = hostName(data);
    if (name === undefined) return MALFORMED;
    if (!/^[\x21-\x7e]{1,255}$/.test(name)) return invalid(ALERTS.unrecognizedName);
    serverName = name.toLowerCase().replace(/\.$/, "");
  }
  // IP addresses are not permitted in SNI (RFC 6066, section 3), but some clients send them. They are ignored.
  return { kind: "hello", serverName: isIP(serverName ?? "") === 0 ? serverName : undefined };
}

/** The name in a server_name extension; undefined if the extension is not exactly one name. */
function hostName(data: Buffer): string | undefined {
  const extension = new Fields(data);
  const list = new Fields(extension.bytes(extension.number(2)));
  const type = list.number(1);
  const name = list.bytes(list.number(2)).toString("latin1");
  const isWhole = !extension.broken && extension.rest === 0 && !list.broken && list.rest === 0;
  return isWhole && type === HOST_NAME ? name : undefined;
}
