import type { WrittenFrame } from "./frame-record.suite.js";

/**
 * A naive second implementation of PROTOCOL.md, section 2, to compare the real one with. Each line is a row of its
 * table: type, whether it belongs to a stream, and its fixed fields with their sizes.
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

function number(bytes: Uint8Array): bigint {
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
  let left = message;
  while (left.length > 0) {
    const row = TABLE[left[0] as number];
    if (left.length < 8 || row === undefined) return reading;
    const flags = left[1] as number;
    const length = Number(number(left.subarray(2, 4)));
    const stream = Number(number(left.subarray(4, 8)));
    let payload = left.subarray(8, 8 + length);
    if (payload.length < length || length > 65_528) return reading;
    const [type, ofStream, fields, rest] = row;
    if (ofStream !== stream > 0) return reading;
    const frame: Record<string, unknown> = { type, stream };
    if (type === "OPEN" || type === "DATA") frame["flags"] = flags;
    for (const [name, kind] of fields) {
      const size = kind === "hex 8" ? 8 : kind;
      const bytes = payload.subarray(0, size);
      if (payload.length < size || (kind !== "hex 8" && number(bytes) > MOST)) return reading;
      frame[name] = kind === "hex 8" ? Buffer.from(bytes).toString("hex") : Number(number(bytes));
      payload = payload.subarray(size);
    }
    if (payload.length < (LEAST_REST[rest] as number)) return reading;
    if (rest === "text" || rest === "reason") frame[rest] = Buffer.from(payload).toString("utf8");
    if (rest === "payload") frame[rest] = Buffer.from(payload.subarray(0, 8)).toString("hex");
    if (rest === "data") frame[rest] = Buffer.from(payload).toString("hex");
    reading.frames.push(frame);
    if (ofStream) {
      reading.bytes += 8 + length;
      reading.ackNow ||= flags >= 0x80;
    }
    left = left.subarray(8 + length);
  }
  return { ...reading, refused: false };
}
