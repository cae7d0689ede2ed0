import { isIP } from "node:net";
import { ByteStore } from "./byte-store.js";

/** The result of reading the first bytes of a connection. */
export type ClientHello =
  /** The beginning of a ClientHello: more bytes are needed. */
  | { readonly kind: "partial" }
  /** The SNI in lower case without a trailing dot; undefined without SNI. */
  | { readonly kind: "hello"; readonly serverName: string | undefined }
  /** Not TLS, or not valid by RFC 8446. */
  | { readonly kind: "invalid" };

const PARTIAL: ClientHello = { kind: "partial" };
const INVALID: ClientHello = { kind: "invalid" };

const HANDSHAKE = 22;
const CLIENT_HELLO = 1;
const LONGEST_RECORD = 16_384;
/** In bytes. A usual ClientHello has a few hundred, with post-quantum keys about two thousand. */
export const LONGEST_HELLO = 16_384;
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

  /** Reads the next piece. After a result other than `partial`, the reader is finished. */
  read(piece: Buffer): ClientHello {
    for (let at = 0; at < piece.length;) {
      if (this.#left === 0) {
        // Byte by byte, so that other protocols are detected at once.
        if (!this.#readHeader(piece.readUInt8(at))) return INVALID;
        at += 1;
        continue;
      }
      const content = piece.subarray(at, at + this.#left);
      this.#message.add(content);
      this.#left -= content.length;
      at += content.length;
      const { bytes, length } = this.#message;
      if (bytes[0] !== CLIENT_HELLO) return INVALID;
      if (length < 4) continue;
      const body = bytes.readUIntBE(1, 3);
      if (body > LONGEST_HELLO) return INVALID;
      if (length >= 4 + body) return readBody(bytes.subarray(4, 4 + body));
    }
    return PARTIAL;
  }

  /** Reads one byte of a record header. Returns whether it is valid. */
  #readHeader(byte: number): boolean {
    switch (this.#header++) {
      case 0:
        return byte === HANDSHAKE;
      case 1:
        return byte === 3;
      case 2:
        return true;
      case 3:
        this.#size = byte << 8;
        return true;
      default:
        this.#header = 0;
        this.#left = this.#size + byte;
        return this.#left > 0 && this.#left <= LONGEST_RECORD;
    }
  }
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
  if (hello.broken) return INVALID;
  if (hello.rest === 0) return { kind: "hello", serverName: undefined };
  const extensions = new Fields(hello.bytes(hello.number(2)));
  if (hello.broken || hello.rest > 0) return INVALID;
  let serverName: string | undefined;
  while (extensions.rest > 0) {
    const type = extensions.number(2);
    const data = extensions.bytes(extensions.number(2));
    if (extensions.broken) return INVALID;
    if (type !== SERVER_NAME) continue;
    const name = hostName(data);
    // Readers could disagree about a repeated or empty extension.
    if (name === undefined || serverName !== undefined) return INVALID;
    serverName = name;
  }
  // IP addresses are not permitted in SNI (RFC 6066, section 3), but some clients send them. They are ignored.
  return { kind: "hello", serverName: isIP(serverName ?? "") === 0 ? serverName : undefined };
}

function hostName(data: Buffer): string | undefined {
  const extension = new Fields(data);
  const list = new Fields(extension.bytes(extension.number(2)));
  const type = list.number(1);
  const name = list.bytes(list.number(2)).toString("latin1");
  const isWhole = !extension.broken && extension.rest === 0 && !list.broken && list.rest === 0;
  if (!isWhole || type !== HOST_NAME || !/^[\x21-\x7e]{1,255}$/.test(name)) return undefined;
  return name.toLowerCase().replace(/\.$/, "");
}
