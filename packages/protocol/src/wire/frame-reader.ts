import { TunnelError } from "../errors.js";
import { Flag, FrameType, HEADER_SIZE, isSequenced, MAX_PAYLOAD } from "./frame.js";

/**
 * The frames of a message, in order. Payloads are views into the bytes read and valid only during the call: code that
 * keeps them must copy them.
 */
export interface FrameHandler {
  /** Called before each frame of `type`. @returns false: the reader stops before the frame. */
  admits(type: number): boolean;
  onControl(json: Buffer): void;
  onPing(payload: Buffer): void;
  onPong(payload: Buffer, clock: number): void;
  onGoAway(error: number, retryAfter: number, reason: string): void;
  onAck(received: number, clock: number): void;
  onOpen(stream: number, flags: number, tunnel: number, window: number): void;
  /** The next bytes of a DATA frame. `flags` is 0 until the last piece, which has the frame's flags. */
  onData(stream: number, flags: number, payload: Buffer): void;
  onWindow(stream: number, limit: number): void;
  onFin(stream: number, delivered: number): void;
  onReset(stream: number, error: number, delivered: number): void;
}

/** The bytes of a piece that count for acknowledgement: PROTOCOL.md, section 6. */
export interface Sequenced {
  /** Bytes of the piece that were read: all of them, or those before a frame that was not admitted. */
  read: number;
  /** Bytes of sequenced frames, headers included. DATA counts as it arrives, other frames when they are complete. */
  bytes: number;
  /** Whether a frame of this message has requested an ACK in this turn. */
  ackNow: boolean;
}

/** Smallest payload by type. Types that are not listed are unknown. */
const SMALLEST_PAYLOAD: Readonly<Record<number, number>> = {
  [FrameType.CONTROL]: 2,
  [FrameType.PING]: 8,
  [FrameType.PONG]: 12,
  [FrameType.GOAWAY]: 8,
  [FrameType.ACK]: 12,
  [FrameType.OPEN]: 8,
  [FrameType.DATA]: 1,
  [FrameType.WINDOW]: 8,
  [FrameType.FIN]: 8,
  [FrameType.RESET]: 12,
};

/**
 * Reads messages in pieces cut at any position. Frames are reported in order: DATA as its bytes arrive, all others when
 * they are complete. A frame that is complete within a piece is read in place. Only frames that are split are copied,
 * except DATA, which is never copied.
 */
export class FrameReader {
  readonly #largestControl: number;
  /** The current frame, or the last one. */
  #type = 0;
  #flags = 0;
  #stream = 0;
  #length = 0;
  /** Payload bytes of the current DATA frame that have not arrived. */
  #left = 0;
  /** Room for a header, or for a frame other than DATA; the first `#collected` bytes have arrived. */
  #cut: Buffer | undefined;
  #collected = 0;
  /**
   * Whether a frame of this message requested an ACK. An ACK follows each later piece of the message, including the
   * last.
   */
  #ackNow = false;

  /** `largestControl`: the longest CONTROL payload that is accepted, in bytes. */
  constructor(largestControl: number = MAX_PAYLOAD) {
    this.#largestControl = largestControl;
  }

  /**
   * Reads the next piece of a message and reports its frames to `handler`. The bytes are not kept. If a frame is not
   * admitted, pass the bytes that were not read again. A frame that is split is always read to its end.
   * @throws TunnelError PN_PROTOCOL at the first invalid frame, after the frames before it were reported.
   */
  read(piece: Buffer, handler: FrameHandler): Sequenced {
    const end = piece.length;
    let at = 0;
    let bytes = 0;
    while (at < end) {
      if (this.#left > 0) {
        const to = Math.min(end, at + this.#left);
        this.#left -= to - at;
        bytes += to - at;
        const whole = at === 0 && to === end;
        handler.onData(this.#stream, this.#left === 0 ? this.#flags : 0, whole ? piece : piece.subarray(at, to));
        at = to;
      } else if (this.#cut !== undefined) {
        at = this.#collect(piece, at);
        if (this.#collected < this.#cut.length) break;
        bytes += this.#collectedAll(this.#cut, handler);
      } else if (end - at < HEADER_SIZE) {
        this.#keep(piece, at, HEADER_SIZE);
        break;
      } else {
        this.#begin(piece, at);
        if (this.#type !== FrameType.DATA && end - at < HEADER_SIZE + this.#length) {
          this.#keep(piece, at, HEADER_SIZE + this.#length);
          break;
        }
        if (!handler.admits(this.#type)) return { read: at, bytes, ackNow: this.#ackNow };
        if (this.#type === FrameType.DATA) {
          at += HEADER_SIZE;
          bytes += this.#beginData();
        } else {
          bytes += this.#deliver(piece, at + HEADER_SIZE, handler);
          at += HEADER_SIZE + this.#length;
        }
      }
    }
    return { read: end, bytes, ackNow: this.#ackNow };
  }

  /**
   * Call it at the end of a message.
   * @throws TunnelError PN_PROTOCOL when a frame is incomplete.
   */
  end(): void {
    if (this.#left > 0 || this.#cut !== undefined) throw violation("a frame is incomplete");
    this.#ackNow = false;
  }

  /** Reads and checks the header at `at`. */
  #begin(bytes: Buffer, at: number): void {
    const type = bytes[at] as number;
    const length = ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number);
    const stream = bytes.readUInt32BE(at + 4);
    const smallest = SMALLEST_PAYLOAD[type];
    if (smallest === undefined) throw violation(`unknown frame type ${type}`);
    if (length > MAX_PAYLOAD) throw violation("a frame is larger than 64 KiB");
    if (length < smallest) throw violation(`a frame of type ${type} is too short`);
    if (type === FrameType.CONTROL && length > this.#largestControl) throw violation("a control message is too large");
    if (type >= FrameType.OPEN) {
      if (stream === 0) throw violation("a stream frame has no stream id");
    } else if (stream !== 0) throw violation("a session frame has a stream id");
    this.#type = type;
    this.#flags = bytes[at + 1] as number;
    this.#stream = stream;
    this.#length = length;
  }

  /** The payload of DATA follows. Returns the sequenced bytes of the header. */
  #beginData(): number {
    this.#left = this.#length;
    if ((this.#flags & Flag.ACK_NOW) !== 0) this.#ackNow = true;
    return HEADER_SIZE;
  }

  /** Copies the first bytes of a header or frame that is `wanted` bytes long. */
  #keep(piece: Buffer, at: number, wanted: number): void {
    this.#cut = Buffer.alloc(wanted);
    this.#collected = piece.copy(this.#cut, 0, at);
  }

  /** Copies the missing bytes. Returns the offset after them. */
  #collect(piece: Buffer, at: number): number {
    const cut = this.#cut as Buffer;
    const taken = piece.copy(cut, this.#collected, at, at + cut.length - this.#collected);
    this.#collected += taken;
    return at + taken;
  }

  /** Reads a header or frame that is now complete. Returns its sequenced bytes. */
  #collectedAll(cut: Buffer, handler: FrameHandler): number {
    this.#cut = undefined;
    if (cut.length === HEADER_SIZE) {
      this.#begin(cut, 0);
      if (this.#type !== FrameType.DATA) {
        this.#keep(cut, 0, HEADER_SIZE + this.#length);
        return 0;
      }
    }
    handler.admits(this.#type);
    return this.#type === FrameType.DATA ? this.#beginData() : this.#deliver(cut, HEADER_SIZE, handler);
  }

  /** Reports the frame whose payload begins at `from`. Returns its sequenced bytes. */
  #deliver(bytes: Buffer, from: number, handler: FrameHandler): number {
    report(this.#type, this.#flags, this.#stream, bytes, from, from + this.#length, handler);
    if (!isSequenced(this.#type)) return 0;
    if ((this.#flags & Flag.ACK_NOW) !== 0) this.#ackNow = true;
    return HEADER_SIZE + this.#length;
  }
}

function report(
  type: number,
  flags: number,
  stream: number,
  message: Buffer,
  from: number,
  to: number,
  handler: FrameHandler,
): void {
  switch (type) {
    case FrameType.WINDOW:
      return handler.onWindow(stream, readCount(message, from));
    case FrameType.OPEN:
      return handler.onOpen(stream, flags, message.readUInt32BE(from), message.readUInt32BE(from + 4));
    case FrameType.FIN:
      return handler.onFin(stream, readCount(message, from));
    case FrameType.RESET:
      return handler.onReset(stream, message.readUInt32BE(from), readCount(message, from + 4));
    case FrameType.ACK:
      return handler.onAck(readCount(message, from), message.readUInt32BE(from + 8));
    case FrameType.CONTROL:
      return handler.onControl(message.subarray(from, to));
    case FrameType.PING:
      return handler.onPing(message.subarray(from, from + 8));
    case FrameType.PONG:
      return handler.onPong(message.subarray(from, from + 8), message.readUInt32BE(from + 8));
    case FrameType.GOAWAY:
      return handler.onGoAway(
        message.readUInt32BE(from),
        message.readUInt32BE(from + 4),
        message.toString("utf8", from + 8, to),
      );
  }
}

/** Reads a u64 that fits a JavaScript number. */
function readCount(message: Buffer, at: number): number {
  const high = message.readUInt32BE(at);
  if (high > 0x1f_ffff) throw violation("a count is above 2^53 - 1");
  return high * 0x1_0000_0000 + message.readUInt32BE(at + 4);
}

function violation(detail: string): TunnelError {
  return new TunnelError("PN_PROTOCOL", detail);
}
