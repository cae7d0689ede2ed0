import type { Batch } from "./batch.js";
import { FrameType, HEADER_SIZE } from "./frame.js";
import { FrameReader, type FrameHandler, type Sequenced } from "./frame-reader.js";
import { HEADROOM } from "../transport.js";

/** A frame as the test vectors write it; `payload` and `data` in hexadecimal. */
export type WrittenFrame = { flags: number; stream: number } & (
  | { type: "CONTROL"; text: string }
  | { type: "PING"; payload: string }
  | { type: "PONG"; payload: string; clock: number }
  | { type: "GOAWAY"; error: number; retry_after: number; reason: string }
  | { type: "ACK"; received: number; clock: number }
  | { type: "OPEN"; tunnel: number; window: number }
  | { type: "DATA"; data: string }
  | { type: "WINDOW"; limit: number }
  | { type: "FIN"; delivered: number }
  | { type: "RESET"; error: number; delivered: number }
);

/** The frame as a reader reports it, which includes flags only for some types. */
export function reported(frame: WrittenFrame): object {
  if (frame.type === "OPEN" || frame.type === "DATA") return frame;
  const { flags: _, ...rest } = frame;
  return rest;
}

/** Records frames; joins the pieces of a DATA frame. */
export class FrameRecord implements FrameHandler {
  readonly frames: object[] = [];
  /** The payload lengths of the DATA frames that are expected. */
  #lengths: number[] = [];
  #data = "";

  /** Announces a message, so that its DATA in pieces can be joined. */
  expect(message: Buffer): void {
    for (let at = 0; at + HEADER_SIZE <= message.length; at += HEADER_SIZE + message.readUInt16BE(at + 2)) {
      if (message[at] === FrameType.DATA) this.#lengths.push(message.readUInt16BE(at + 2));
    }
  }

  admits(_type: number): boolean {
    return true;
  }
  onControl(json: Buffer): void {
    this.frames.push({ type: "CONTROL", stream: 0, text: json.toString("utf8") });
  }
  onPing(payload: Buffer): void {
    this.frames.push({ type: "PING", stream: 0, payload: payload.toString("hex") });
  }
  onPong(payload: Buffer, clock: number): void {
    this.frames.push({ type: "PONG", stream: 0, payload: payload.toString("hex"), clock });
  }
  onGoAway(error: number, retryAfter: number, reason: string): void {
    this.frames.push({ type: "GOAWAY", stream: 0, error, retry_after: retryAfter, reason });
  }
  onAck(received: number, clock: number): void {
    this.frames.push({ type: "ACK", stream: 0, received, clock });
  }
  onOpen(stream: number, flags: number, tunnel: number, window: number): void {
    this.frames.push({ type: "OPEN", flags, stream, tunnel, window });
  }
  onData(stream: number, flags: number, payload: Buffer): void {
    this.#data += payload.toString("hex");
    if (this.#data.length < 2 * (this.#lengths[0] ?? 0)) {
      if (flags !== 0) throw new Error("flags before the last piece");
      return;
    }
    this.frames.push({ type: "DATA", flags, stream, data: this.#data });
    this.#lengths.shift();
    this.#data = "";
  }
  onWindow(stream: number, limit: number): void {
    this.frames.push({ type: "WINDOW", stream, limit });
  }
  onFin(stream: number, delivered: number): void {
    this.frames.push({ type: "FIN", stream, delivered });
  }
  onReset(stream: number, error: number, delivered: number): void {
    this.frames.push({ type: "RESET", stream, error, delivered });
  }
}

/**
 * Reads `message` in pieces cut at `cuts`.
 * @throws TunnelError like the reader.
 */
export function readFrames(
  message: Buffer,
  record: FrameRecord,
  cuts: number[] = [],
): Pick<Sequenced, "bytes" | "ackNow"> {
  const reader = new FrameReader();
  record.expect(message);
  const sum = { bytes: 0, ackNow: false };
  const ends = [...cuts, message.length];
  ends.forEach((end, index) => {
    const piece = Buffer.from(message.subarray(ends[index - 1] ?? 0, end));
    const { bytes, ackNow } = reader.read(piece, record);
    // A reader that kept a view would read garbage.
    piece.fill(0xdb);
    sum.bytes += bytes;
    sum.ackNow ||= ackNow;
  });
  reader.end();
  return sum;
}

/** The frames of `message` and their sequenced bytes. */
export function read(message: Buffer, cuts: number[] = []): ReturnType<typeof readFrames> & { frames: object[] } {
  const record = new FrameRecord();
  return { ...readFrames(message, record, cuts), frames: record.frames };
}

/** The bytes of the batch as the peer receives them. */
export function taken(batch: Batch): Buffer {
  return batch.take().subarray(HEADROOM);
}

/** Appends `frame` to `batch` with the method that the session uses. */
export function write(batch: Batch, frame: WrittenFrame): void {
  const at = batch.length;
  const { type, flags, stream } = frame;
  switch (type) {
    case "CONTROL":
      return batch.frame(FrameType[type], flags, stream, Buffer.from(frame.text, "utf8"));
    case "PONG":
      return batch.pong(Buffer.from(frame.payload, "hex"), frame.clock);
    case "PING":
      return batch.frame(FrameType[type], flags, stream, Buffer.from(frame.payload, "hex"));
    case "GOAWAY":
      return batch.goAway(frame.error, frame.retry_after, frame.reason);
    case "ACK":
      return batch.acknowledge(frame.received, frame.clock);
    case "OPEN":
      return batch.open(flags, stream, frame.tunnel, frame.window);
    case "DATA":
      return batch.frame(FrameType[type], flags, stream, Buffer.from(frame.data, "hex"));
    case "WINDOW":
      return batch.count(FrameType[type], flags, stream, frame.limit);
    case "FIN":
      return batch.count(FrameType[type], flags, stream, frame.delivered);
    case "RESET":
      batch.reset(stream, frame.error, frame.delivered);
      return batch.flag(at, flags);
  }
}
