import fc from "fast-check";
import { WebSocketReader, type WebSocketReaderHandler } from "./reader.js";

/** A frame as RFC 6455, section 5.2, draws it; what is left out is what a client's last binary frame has. */
export interface TwinFrame {
  final?: boolean;
  reserved?: number;
  opcode?: number;
  /** Four bytes; undefined: not masked. */
  key?: number[] | undefined;
  payload?: number[];
  /** How the length is written; undefined: as short as it goes. */
  lengthBytes?: 0 | 2 | 8;
}

/** Writes a frame byte by byte, slowly and plainly. */
export function twinFrame({
  final = true,
  reserved = 0,
  opcode = 2,
  key,
  payload = [],
  lengthBytes,
}: TwinFrame): number[] {
  const { length } = payload;
  const size = lengthBytes ?? (length < 126 ? 0 : length < 65_536 ? 2 : 8);
  const lead = size === 0 ? length : size === 2 ? 126 : 127;
  const rest = Array.from({ length: size }, (_, index) => Math.floor(length / 256 ** (size - 1 - index)) % 256);
  return [
    (final ? 128 : 0) + reserved * 16 + opcode,
    (key === undefined ? 0 : 128) + lead,
    ...rest,
    ...(key ?? []),
    ...payload.map((byte, index) => (key === undefined ? byte : byte ^ (key[index % 4] as number))),
  ];
}

/** Writes down what a reader tells; the pieces of a message joined. */
export class WebSocketRecord implements WebSocketReaderHandler {
  readonly told: (string | number)[][] = [];
  pieces = 0;
  #message: Buffer[] = [];

  onMessage(piece: Buffer, last: boolean): void {
    this.pieces++;
    this.#message.push(Buffer.from(piece));
    if (!last) return;
    this.told.push(["message", Buffer.concat(this.#message).toString("hex")]);
    this.#message = [];
  }
  onPing(payload: Buffer): void {
    this.told.push(["ping", payload.toString("hex")]);
  }
  onClose(code: number, reason: string): void {
    this.told.push(["close", code, reason]);
  }
  onFault(code: number): void {
    this.told.push(["fault", code]);
  }
}

export const LIMITS = { message: 1024 * 1024, fragments: 16 };

/** What a reader of `role` makes of `bytes`, cut where `cuts` say. */
export function readAll(
  role: "server" | "client",
  bytes: number[] | Buffer,
  cuts: number[] = [],
): WebSocketRecord["told"] {
  const record = new WebSocketRecord();
  const reader = new WebSocketReader(role, LIMITS, record);
  // A copy for each reading: it unmasks in place.
  const copy = Buffer.from(bytes);
  [...cuts, copy.length].forEach((end, index, ends) => {
    const piece = copy.subarray(ends[index - 1] ?? 0, end);
    reader.read(piece);
    // The reader must not have kept a view.
    piece.fill(0xdb);
  });
  return record.told;
}

const key: fc.Arbitrary<number[]> = fc.oneof(
  fc.constant<number[]>([0, 0, 0, 0]),
  fc.array(fc.nat(255), { minLength: 4, maxLength: 4 }),
);
const bytes = (maxLength: number): fc.Arbitrary<number[]> => fc.array(fc.nat(255), { maxLength });
const length = fc.oneof(fc.nat(300), fc.constantFrom(125, 126, 127, 65_535, 65_536, 70_000));

/** A message in fragments, with control frames between them, and what is to be told of it. */
const message = fc
  .record({
    key,
    fragments: fc.array(fc.record({ length, seed: fc.nat(255), ping: fc.option(bytes(125)) }), {
      minLength: 1,
      maxLength: 4,
    }),
  })
  .map(({ key, fragments }) => {
    const frames: TwinFrame[] = [];
    const told: (string | number)[][] = [];
    const whole: number[] = [];
    fragments.forEach(({ length, seed, ping }, index) => {
      if (ping !== null) {
        frames.push({ opcode: 9, key, payload: ping });
        told.push(["ping", Buffer.from(ping).toString("hex")]);
      }
      const payload = Array.from({ length }, (_, at) => (seed + at * 7) % 256);
      for (const byte of payload) whole.push(byte);
      frames.push({ opcode: index === 0 ? 2 : 0, final: index === fragments.length - 1, key, payload });
    });
    told.push(["message", Buffer.from(whole).toString("hex")]);
    return { frames, told };
  });

/** What a peer may send, its frames masked as a client's are. */
export const anyMessages = fc.array(message, { minLength: 1, maxLength: 3 });
