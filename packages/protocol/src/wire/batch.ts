import { FrameType, HEADER_SIZE } from "./frame.js";
import { HEADROOM } from "../transport.js";

/** Initial size of a batch, in bytes. */
const SMALLEST = 512;
/**
 * The memory of larger batches is recycled, because the system would have to map and clear new memory of this size, and
 * V8 collects the whole heap for every few megabytes of it.
 */
const LARGE = 4 * 1024;
/**
 * The sizes of recycled memory in bytes: for one turn of a stream, for one frame of the largest size, and for the
 * largest batch of frames.
 */
const SPARE_SIZES = [17 * 1024, 68 * 1024, 256 * 1024] as const;
/** The memory of each size that is kept for the next batches of all sessions, in bytes. */
const MAX_SPARE = 1024 * 1024;
const spares = new Map<number, Buffer[]>(SPARE_SIZES.map((size) => [size, []]));
/** The memory that may be recycled. Memory of Node's own pool may have one of these sizes, too. */
const recyclable = new WeakSet<ArrayBufferLike>();

/** Frames written back to back into one buffer: a WebSocket message. It holds no memory while it is empty. */
export class Batch {
  #bytes: Buffer | undefined;
  /** Offset of the next frame. */
  #end = HEADROOM;
  /** The size of the last batch. The next one is likely to be as large, and then it does not have to grow. */
  #expected = SMALLEST;

  /** Bytes of the frames written. */
  get length(): number {
    return this.#end - HEADROOM;
  }

  /** Appends a frame with a copy of `payload` from `start` to `end`. */
  frame(type: FrameType, flags: number, stream: number, payload: Uint8Array, start = 0, end = payload.length): void {
    const length = end - start;
    const at = this.#header(type, flags, stream, length);
    const whole = start === 0 && end === payload.length;
    (this.#bytes as Buffer).set(whole ? payload : payload.subarray(start, end), at);
  }

  /** Appends a DATA frame with `length` bytes of payload, to be written with `put`. Returns their offset. */
  data(flags: number, stream: number, length: number): number {
    return this.#header(FrameType.DATA, flags, stream, length);
  }

  /** Copies `bytes` from `start` to `end` to the offset `at`. Returns the offset after them. */
  put(at: number, bytes: Buffer, start: number, end: number): number {
    return at + bytes.copy(this.#bytes as Buffer, at, start, end);
  }

  /** Appends OPEN with the opener's receive window. */
  open(flags: number, stream: number, tunnel: number, window: number): void {
    const at = this.#header(FrameType.OPEN, flags, stream, 8);
    (this.#bytes as Buffer).writeUInt32BE(tunnel, at);
    (this.#bytes as Buffer).writeUInt32BE(window, at + 4);
  }

  /** Appends ACK; `clock` as in PROTOCOL.md, section 6. */
  acknowledge(received: number, clock: number): void {
    const at = this.#header(FrameType.ACK, 0, 0, 12);
    this.#writeCount(received, at);
    (this.#bytes as Buffer).writeUInt32BE(clock, at + 8);
  }

  /** Appends a frame that carries one count: WINDOW or FIN. */
  count(type: FrameType, flags: number, stream: number, count: number): void {
    this.#writeCount(count, this.#header(type, flags, stream, 8));
  }

  pong(payload: Uint8Array, clock: number): void {
    const at = this.#header(FrameType.PONG, 0, 0, 12);
    (this.#bytes as Buffer).set(payload, at);
    (this.#bytes as Buffer).writeUInt32BE(clock, at + 8);
  }

  reset(stream: number, error: number, delivered: number): void {
    const at = this.#header(FrameType.RESET, 0, stream, 12);
    (this.#bytes as Buffer).writeUInt32BE(error, at);
    this.#writeCount(delivered, at + 4);
  }

  goAway(error: number, retryAfter: number, reason: string): void {
    const text = Buffer.from(reason.slice(0, 200), "utf8");
    const at = this.#header(FrameType.GOAWAY, 0, 0, 8 + text.length);
    (this.#bytes as Buffer).writeUInt32BE(error, at);
    (this.#bytes as Buffer).writeUInt32BE(retryAfter, at + 4);
    (this.#bytes as Buffer).set(text, at + 8);
  }

  /** Sets flags on the frame that began at `offset`, an earlier value of `length`. */
  flag(offset: number, flags: number): void {
    const bytes = this.#bytes as Buffer;
    const at = HEADROOM + offset + 1;
    bytes[at] = (bytes[at] as number) | flags;
  }

  /** Returns the batch, after HEADROOM free bytes, and begins a new one. */
  take(): Buffer {
    const message = (this.#bytes as Buffer).subarray(0, this.#end);
    this.#expected = Math.max(SMALLEST, this.#end);
    this.#bytes = undefined;
    this.#end = HEADROOM;
    return message;
  }

  /** Allows the memory of `message`, a batch that was taken, to be reused. */
  static recycle(message: Buffer): void {
    const memory = message.buffer as ArrayBuffer;
    if (!recyclable.has(memory)) return;
    const kept = spares.get(memory.byteLength) as Buffer[];
    if (kept.length < MAX_SPARE / memory.byteLength) kept.push(Buffer.from(memory));
  }

  /** Writes a header and makes room for the payload. Returns the offset of the payload. */
  #header(type: FrameType, flags: number, stream: number, length: number): number {
    const at = this.#end;
    const end = at + HEADER_SIZE + length;
    if (this.#bytes === undefined || end > this.#bytes.length) this.#grow(end);
    const bytes = this.#bytes as Buffer;
    bytes[at] = type;
    bytes[at + 1] = flags;
    bytes[at + 2] = length >>> 8;
    bytes[at + 3] = length;
    bytes[at + 4] = stream >>> 24;
    bytes[at + 5] = stream >>> 16;
    bytes[at + 6] = stream >>> 8;
    bytes[at + 7] = stream;
    this.#end = end;
    return at + HEADER_SIZE;
  }

  #grow(needed: number): void {
    const before = this.#bytes === undefined ? this.#expected : this.#bytes.length * 2;
    const bytes = memoryOf(Math.max(needed, before));
    if (this.#bytes !== undefined) {
      bytes.set(this.#bytes.subarray(0, this.#end));
      Batch.recycle(this.#bytes);
    }
    this.#bytes = bytes;
  }

  #writeCount(count: number, at: number): void {
    const bytes = this.#bytes as Buffer;
    bytes.writeUInt32BE(Math.floor(count / 0x1_0000_0000), at);
    bytes.writeUInt32BE(count >>> 0, at + 4);
  }
}

/** At least `wanted` bytes. */
function memoryOf(wanted: number): Buffer {
  if (wanted < LARGE) return Buffer.allocUnsafe(wanted);
  const size = SPARE_SIZES.find((each) => each >= wanted);
  if (size === undefined) return Buffer.allocUnsafeSlow(wanted);
  const spare = spares.get(size)?.pop();
  if (spare !== undefined) return spare;
  const memory = Buffer.allocUnsafeSlow(size);
  recyclable.add(memory.buffer);
  return memory;
}
