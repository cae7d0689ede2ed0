import { isUtf8 } from "node:buffer";
import { CloseCode, isCloseCode, Opcode, type WebSocketRole } from "./frame.js";
import { unmask } from "./mask.js";

/**
 * Events of a WebSocket. `onClose` and `onFault` are the last ones. Bytes are views into the chunk read and valid only
 * during the call: code that keeps them must copy them.
 */
export interface WebSocketReaderHandler {
  /** Whether the reader stops before the next frame. */
  readonly isBusy: boolean;
  /**
   * The next bytes of a binary message. `last` is true for the piece that ends the message, which may be empty.
   * @returns the number of bytes used. If it is less than their number, the reader stops and later repeats the others.
   */
  onMessage(piece: Buffer, last: boolean): number;
  /** A ping; the pong must carry the same bytes. */
  onPing(payload: Buffer): void;
  /** A pong. This side sends no pings, so nothing depends on it. */
  onPong(): void;
  /** The peer closes. `code` is 1005 if the close frame has none. */
  onClose(code: number, reason: string): void;
  /** The peer violates RFC 6455; close the connection with `code`. */
  onFault(code: number, reason: string): void;
}

export interface MessageLimits {
  /** Largest message, in bytes. */
  message: number;
  /** Most frames of a message. */
  fragments: number;
}

const LONGEST_HEADER = 14;
const LONGEST_CONTROL = 125;
const NOTHING = Buffer.alloc(0);

/**
 * Reads one direction of a WebSocket (RFC 6455, section 5), binary messages only, from chunks cut at any position.
 * Message payloads are not copied: they are unmasked in place and reported as they arrive.
 */
export class WebSocketReader {
  readonly #role: WebSocketRole;
  readonly #limits: MessageLimits;
  readonly #handler: WebSocketReaderHandler;
  #done = false;

  /** Room for an incomplete header or control payload. The first `#kept` bytes have arrived. */
  #cut: Buffer | undefined;
  #kept = 0;

  /** The current frame, and how many bytes of its payload have not arrived. */
  #opcode: number = Opcode.CONTINUATION;
  #final = false;
  #length = 0;
  #left = 0;
  /** Its masking key; the highest byte is the first octet. */
  #key = 0;

  /** The current message: whether there is one, its bytes and its frames. */
  #open = false;
  #message = 0;
  #fragments = 0;

  constructor(role: WebSocketRole, limits: MessageLimits, handler: WebSocketReaderHandler) {
    this.#role = role;
    this.#limits = limits;
    this.#handler = handler;
  }

  /**
   * Reads the next chunk. Its bytes are unmasked in place and not kept.
   * @returns the number of bytes read. If it is less than the chunk's length, the handler is busy: pass the others
   * again, before anything else.
   */
  read(chunk: Buffer): number {
    let at = 0;
    while (at < chunk.length && !this.#done) {
      if (this.#left > 0) {
        const to = Math.min(chunk.length, at + this.#left);
        at += this.#payload(at === 0 && to === chunk.length ? chunk : chunk.subarray(at, to));
        if (at < to) return at;
      } else if (this.#cut !== undefined) at = this.#cutHeader(this.#cut, chunk, at);
      else if (this.#handler.isBusy) return at;
      else {
        const length = this.#header(chunk, at, chunk.length);
        if (length === 0 && !this.#done) {
          this.#cut = Buffer.alloc(LONGEST_HEADER);
          this.#kept = chunk.copy(this.#cut, 0, at);
          break;
        }
        at += length;
      }
    }
    return chunk.length;
  }

  /** Adds one byte to an incomplete header. Returns the offset after it. */
  #cutHeader(cut: Buffer, chunk: Buffer, at: number): number {
    cut[this.#kept++] = chunk[at] as number;
    // Cleared before the header is read: the frame may need the field for its payload.
    this.#cut = undefined;
    if (this.#header(cut, 0, this.#kept) === 0) this.#cut = cut;
    return at + 1;
  }

  /** Reads the header at `at`. Returns its length; 0 when it is incomplete at `end` or invalid. */
  #header(bytes: Buffer, at: number, end: number): number {
    if (end - at < 2) return 0;
    const first = bytes[at] as number;
    const second = bytes[at + 1] as number;
    const opcode = first & 0x0f;
    const final = (first & 0x80) !== 0;
    const masked = (second & 0x80) !== 0;
    const short = second & 0x7f;
    if (!this.#allowed(first & 0x70, opcode, final, masked, short)) return 0;

    const from = at + (short < 126 ? 2 : short === 126 ? 4 : 10);
    const to = masked ? from + 4 : from;
    if (to > end) return 0;
    const length = short < 126 ? short : short === 126 ? bytes.readUInt16BE(at + 2) : readLength(bytes, at + 2);
    if (short >= 126 && length < (short === 126 ? 126 : 0x1_0000))
      return this.#fault("a length is not in its shortest form");
    if (opcode < Opcode.CLOSE && !this.#counted(length)) return 0;

    this.#opcode = opcode;
    this.#final = final;
    this.#length = this.#left = length;
    if (masked) this.#key = bytes.readInt32BE(from);
    if (length === 0) this.#end(NOTHING);
    return to - at;
  }

  /** Whether these bits are allowed here; if not, reports a fault. */
  #allowed(reserved: number, opcode: number, final: boolean, masked: boolean, short: number): boolean {
    const control = opcode >= Opcode.CLOSE;
    if (reserved !== 0) this.#fault("a reserved bit is set");
    else if (masked !== (this.#role === "server"))
      this.#fault(masked ? "a server's frame is masked" : "a client's frame is not masked"); // prettier-ignore
    else if (opcode > Opcode.PONG || (opcode > Opcode.BINARY && !control)) this.#fault("an opcode is reserved");
    else if (opcode === Opcode.TEXT) this.#fault("only binary messages are accepted", CloseCode.UNSUPPORTED_DATA);
    else if (control && !final) this.#fault("a control frame is fragmented");
    else if (control && short > LONGEST_CONTROL) this.#fault("a control frame is too long");
    else if (opcode === Opcode.BINARY && this.#open) this.#fault("a message begins inside another");
    else if (opcode === Opcode.CONTINUATION && !this.#open) this.#fault("a continuation without a message");
    return !this.#done;
  }

  /** Counts a frame of the current message. Returns false when the message exceeds its limits. */
  #counted(length: number): boolean {
    this.#open = true;
    this.#message += length;
    this.#fragments++;
    if (this.#message > this.#limits.message) this.#fault("a message is too long", CloseCode.TOO_BIG);
    else if (this.#fragments > this.#limits.fragments) this.#fault("a message has too many fragments", CloseCode.POLICY_VIOLATION); // prettier-ignore
    return !this.#done;
  }

  /** Reads the next bytes of the frame's payload. Returns the number of bytes used. */
  #payload(piece: Buffer): number {
    const offset = this.#length - this.#left;
    unmask(piece, this.#key, offset);
    if (this.#opcode >= Opcode.CLOSE) {
      this.#left -= piece.length;
      this.#controlPiece(piece);
      return piece.length;
    }
    const last = this.#final && piece.length === this.#left;
    const used = this.#handler.onMessage(piece, last);
    this.#left -= used;
    // The other bytes are read, and unmasked, a second time.
    if (used < piece.length) unmask(piece.subarray(used), this.#key, offset + used);
    else if (last) this.#endMessage();
    return used;
  }

  /** Control frames are reported when they are complete. */
  #controlPiece(piece: Buffer): void {
    if (this.#left === 0 && this.#cut === undefined) return this.#end(piece);
    this.#cut ??= Buffer.alloc(this.#length);
    piece.copy(this.#cut, this.#length - this.#left - piece.length);
    if (this.#left > 0) return;
    const payload = this.#cut;
    this.#cut = undefined;
    this.#end(payload);
  }

  /** A control frame, or a frame without payload, ends with `piece`. */
  #end(piece: Buffer): void {
    switch (this.#opcode) {
      case Opcode.PING:
        return this.#handler.onPing(piece);
      case Opcode.PONG:
        return this.#handler.onPong();
      case Opcode.CLOSE:
        return this.#close(piece);
    }
    if (!this.#final) return;
    this.#endMessage();
    this.#handler.onMessage(piece, true);
  }

  #endMessage(): void {
    this.#open = false;
    this.#message = 0;
    this.#fragments = 0;
  }

  #close(payload: Buffer): void {
    if (payload.length === 1) return void this.#fault("a close code is incomplete");
    const code = payload.length === 0 ? CloseCode.NONE : payload.readUInt16BE(0);
    const reason = payload.subarray(2);
    if (payload.length > 0 && !isCloseCode(code)) return void this.#fault("a close code is invalid");
    if (!isUtf8(reason)) return void this.#fault("a close reason is not UTF-8", CloseCode.INVALID_PAYLOAD);
    this.#done = true;
    this.#handler.onClose(code, reason.toString());
  }

  #fault(reason: string, code: number = CloseCode.PROTOCOL_ERROR): 0 {
    this.#done = true;
    this.#handler.onFault(code, reason);
    return 0;
  }
}

/** Reads a length of 64 bits. Lengths that lose precision are too long for any message anyway. */
function readLength(bytes: Buffer, at: number): number {
  return bytes.readUInt32BE(at) * 0x1_0000_0000 + bytes.readUInt32BE(at + 4);
}
