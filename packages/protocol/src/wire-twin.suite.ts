import fc from "fast-check";
import type { WrittenFrame } from "./frame-record.suite.js";

/**
 * The frames of PROTOCOL.md, section 2, once more: written from its words alone, slow and plain, as the measure for the real ones.
 * Each line is a row of its table: type, whether it belongs to a stream, and its fixed fields with their sizes.
 */
const TABLE: Record<
  number,
  [name: string, ofStream: boolean, fields: [name: string, size: 4 | 8 | "hex 8"][], rest: string]
> = {
  0x01: ["CONTROL", false, [], "text"],
  0x02: ["PING", false, [], "payload"],
  0x03: ["PONG", false, [["payload", "hex 8"], ["clock", 4]], ""], // prettier-ignore
  0x04: ["GOAWAY", false, [["error", 4], ["retry_after", 4]], "reason"], // prettier-ignore
  0x05: ["ACK", false, [["received", 8], ["clock", 4]], ""], // prettier-ignore
  0x10: ["OPEN", true, [["tunnel", 4], ["window", 4]], ""], // prettier-ignore
  0x11: ["DATA", true, [], "data"],
  0x12: ["WINDOW", true, [["limit", 8]], ""],
  0x13: ["FIN", true, [["delivered", 8]], ""],
  0x14: ["RESET", true, [["error", 4], ["delivered", 8]], ""], // prettier-ignore
};
const LEAST_REST: Record<string, number> = { text: 2, payload: 8, data: 1, reason: 0, "": 0 };
const MOST = 2n ** 53n - 1n;

function bigEndian(value: number | bigint, size: number): number[] {
  const digits: number[] = [];
  for (let rest = BigInt(value); digits.length < size; rest /= 256n) digits.unshift(Number(rest % 256n));
  return digits;
}

function number(bytes: number[]): bigint {
  return bytes.reduce((value, byte) => value * 256n + BigInt(byte), 0n);
}

export function twinWrite(frame: WrittenFrame): number[] {
  const [type, row] = Object.entries(TABLE).find(([, [name]]) => name === frame.type) as [string, (typeof TABLE)[1]];
  const values = frame as unknown as Record<string, number | string>;
  const rest = values[row[3]] as string | undefined;
  const payload = [
    ...row[2].flatMap(([field, size]) =>
      size === "hex 8" ? [...Buffer.from(values[field] as string, "hex")] : bigEndian(values[field] as number, size),
    ),
    ...(rest === undefined ? [] : Buffer.from(rest, row[3] === "text" || row[3] === "reason" ? "utf8" : "hex")),
  ];
  return [Number(type), frame.flags, ...bigEndian(payload.length, 2), ...bigEndian(frame.stream, 4), ...payload];
}

export interface TwinReading {
  frames: object[];
  refused: boolean;
  /** What counts for acknowledgement; meaningless for a message that was refused. */
  bytes: number;
  ackNow: boolean;
}

export function twinRead(message: Uint8Array): TwinReading {
  const reading: TwinReading = { frames: [], refused: true, bytes: 0, ackNow: false };
  let left = [...message];
  while (left.length > 0) {
    const row = TABLE[left[0] as number];
    if (left.length < 8 || row === undefined) return reading;
    const flags = left[1] as number;
    const length = Number(number(left.slice(2, 4)));
    const stream = Number(number(left.slice(4, 8)));
    let payload = left.slice(8, 8 + length);
    if (payload.length < length || length > 65_528) return reading;
    const [type, ofStream, fields, rest] = row;
    if (ofStream !== stream > 0) return reading;
    const frame: Record<string, unknown> = { type, stream };
    if (type === "OPEN" || type === "DATA") frame["flags"] = flags;
    for (const [name, kind] of fields) {
      const size = kind === "hex 8" ? 8 : kind;
      const bytes = payload.slice(0, size);
      if (payload.length < size || (kind !== "hex 8" && number(bytes) > MOST)) return reading;
      frame[name] = kind === "hex 8" ? Buffer.from(bytes).toString("hex") : Number(number(bytes));
      payload = payload.slice(size);
    }
    if (payload.length < (LEAST_REST[rest] as number)) return reading;
    if (rest === "text" || rest === "reason") frame[rest] = Buffer.from(payload).toString("utf8");
    if (rest === "payload") frame[rest] = Buffer.from(payload.slice(0, 8)).toString("hex");
    if (rest === "data") frame[rest] = Buffer.from(payload).toString("hex");
    reading.frames.push(frame);
    if (ofStream) {
      reading.bytes += 8 + length;
      reading.ackNow ||= flags >= 0x80;
    }
    left = left.slice(8 + length);
  }
  return { ...reading, refused: false };
}

/** A number of so many bytes, its edges often. */
function whole(most: number, least = 0): fc.Arbitrary<number> {
  return fc.oneof(fc.integer({ min: least, max: Math.min(most, 300) }), fc.maxSafeNat().map((n) => least + (n % (most - least + 1))), fc.constantFrom(least, most, Math.floor(most / 2))); // prettier-ignore
}

const U32 = 0xffff_ffff;
const hex = (min: number, max: number): fc.Arbitrary<string> =>
  fc.uint8Array({ minLength: min, maxLength: max }).map((bytes) => Buffer.from(bytes).toString("hex"));
const count = whole(Number.MAX_SAFE_INTEGER);
const session = { flags: fc.constant(0), stream: fc.constant(0) };
const stream = { flags: fc.nat(255), stream: whole(U32, 1) };
const sessionFrame: fc.Arbitrary<WrittenFrame> = fc.oneof(
  fc.record({
    ...session,
    type: fc.constant("CONTROL"),
    text: fc.dictionary(fc.string(), fc.jsonValue()).map((object) => JSON.stringify(object)),
  }),
  fc.record({ ...session, type: fc.constant("PING"), payload: hex(8, 8) }),
  fc.record({ ...session, type: fc.constant("PONG"), payload: hex(8, 8), clock: whole(U32) }),
  fc.record({ ...session, type: fc.constant("GOAWAY"), error: whole(U32), retry_after: whole(U32), reason: fc.string({ unit: "grapheme", maxLength: 20 }) }), // prettier-ignore
  fc.record({ ...session, type: fc.constant("ACK"), received: count, clock: whole(U32) }),
) as fc.Arbitrary<WrittenFrame>;
const streamFrame: fc.Arbitrary<WrittenFrame> = fc.oneof(
  fc.record({ ...stream, type: fc.constant("OPEN"), tunnel: whole(U32), window: whole(U32) }),
  fc.record({ ...stream, type: fc.constant("DATA"), data: fc.oneof(hex(1, 40), hex(1, 3_000)) }),
  fc.record({ ...stream, type: fc.constant("WINDOW"), limit: count }),
  fc.record({ ...stream, type: fc.constant("FIN"), delivered: count }),
  fc.record({ ...stream, type: fc.constant("RESET"), error: whole(U32), delivered: count }),
) as fc.Arbitrary<WrittenFrame>;

/** Any frame that may be sent. */
export const anyFrame: fc.Arbitrary<WrittenFrame> = fc.oneof(sessionFrame, streamFrame);

/** A batch with something done to it: bytes changed, cut out, doubled or cut off. */
export const damagedBatch: fc.Arbitrary<Buffer> = fc
  .record({
    frames: fc.array(anyFrame, { minLength: 1, maxLength: 4 }),
    changes: fc.array(fc.record({ at: fc.nat(100), byte: fc.nat(255) }), { maxLength: 3 }),
    cut: fc.option(fc.record({ at: fc.nat(200), bytes: fc.nat(20) })),
    end: fc.option(fc.nat(200)),
  })
  .map(({ frames, changes, cut, end }) => {
    const bytes = frames.flatMap(twinWrite);
    for (const { at, byte } of changes) bytes[at % bytes.length] = byte;
    if (cut !== null) bytes.splice(cut.at % bytes.length, cut.bytes);
    return Buffer.from(end === null ? bytes : bytes.slice(0, end));
  });
