import { TunnelError } from "./errors.js";
import { FrameType, HEADER_SIZE, MAX_PAYLOAD } from "./frame.js";

/** What a message holds, frame by frame. Payloads are views into the message. */
export interface FrameHandler {
  onControl(json: Buffer): void;
  onPing(payload: Buffer): void;
  onPong(payload: Buffer, clock: number): void;
  onGoAway(error: number, retryAfter: number, reason: string): void;
  onAck(received: number, clock: number): void;
  onOpen(stream: number, flags: number, tunnel: number, window: number): void;
  onData(stream: number, flags: number, payload: Buffer): void;
  onWindow(stream: number, limit: number): void;
  onFin(stream: number, delivered: number): void;
  onReset(stream: number, error: number, delivered: number): void;
}

/** What the frames of a message amount to for acknowledgement: PROTOCOL.md, section 6. */
export interface Sequenced {
  /** Bytes of sequenced frames, headers included. */
  bytes: number;
  /** Whether one of them asked for an ACK in this turn. */
  ackNow: boolean;
}

/** Smallest payload by type; what is not listed is not a type. */
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
 * Reads the batch in `message` and tells `handler` of each frame, in order.
 * @throws TunnelError PN_PROTOCOL at the first frame that is not one; the frames before it were told.
 */
export function readFrames(message: Buffer, handler: FrameHandler): Sequenced {
  const end = message.length;
  let at = 0;
  let bytes = 0;
  let ackNow = false;
  while (at < end) {
    if (at + HEADER_SIZE > end) throw violation("a frame header is cut off");
    const type = message[at] as number;
    const flags = message[at + 1] as number;
    const length = ((message[at + 2] as number) << 8) | (message[at + 3] as number);
    const stream = message.readUInt32BE(at + 4);
    const from = at + HEADER_SIZE;
    const to = from + length;
    if (to > end) throw violation("a frame is cut off");
    const smallest = SMALLEST_PAYLOAD[type];
    if (smallest === undefined) throw violation(`frame type ${type} is unknown`);
    if (length > MAX_PAYLOAD) throw violation("a frame is above 64 KiB");
    if (length < smallest) throw violation(`a frame of type ${type} is too short`);
    if (type >= FrameType.OPEN) {
      if (stream === 0) throw violation("a stream frame has no stream");
      bytes += HEADER_SIZE + length;
      if ((flags & 0x80) !== 0) ackNow = true;
    } else if (stream !== 0) throw violation("a session frame has a stream");
    deliver(type, flags, stream, message, from, to, handler);
    at = to;
  }
  return { bytes, ackNow };
}

function deliver(
  type: number,
  flags: number,
  stream: number,
  message: Buffer,
  from: number,
  to: number,
  handler: FrameHandler,
): void {
  switch (type) {
    case FrameType.DATA:
      return handler.onData(stream, flags, message.subarray(from, to));
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

/** A u64 that fits a JavaScript number. */
function readCount(message: Buffer, at: number): number {
  const high = message.readUInt32BE(at);
  if (high > 0x1f_ffff) throw violation("a count is above 2^53 - 1");
  return high * 0x1_0000_0000 + message.readUInt32BE(at + 4);
}

function violation(detail: string): TunnelError {
  return new TunnelError("PN_PROTOCOL", detail);
}
