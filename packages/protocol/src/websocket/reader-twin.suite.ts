import fc from "fast-check";
import { WebSocketReader, type WebSocketReaderHandler } from "./reader.js";

/** A frame as in RFC 6455, section 5.2. Defaults: final, binary, no reserved bits, not masked, empty. */
export interface TwinFrame {
  final?: boolean;
  reserved?: number;
  opcode?: number;
  /** Four bytes; undefined: not masked. */
  key?: number[] | undefined;
  payload?: number[];
  /** The number of bytes of the extended length; undefined: the shortest form. */
  lengthBytes?: 0 | 2 | 8;
}

/** Writes a frame byte by byte, without optimisation. */
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

/** Records a reader's events; joins the pieces of a message. */
export class WebSocketRecord implements WebSocketReaderHandler {
  readonly events: (string | number)[][] = [];
  pieces = 0;
  isBusy = false;
  #message: Buffer[] = [];

  onMessage(piece: Buffer, last: boolean): number {
    this.pieces++;
    this.#message.push(Buffer.from(piece));
    if (!last) return piece.length;
    this.events.push(["message", Buffer.concat(this.#message).toString("hex")]);
    this.#message = [];
    return piece.length;
  }
  onPing(payload: Buffer): void {
    this.events.push(["ping", payload.toString("hex")]);
  }
  onPong(): void {
    this.events.push(["pong"]);
  }
  onClose(code: number, reason: string): void {
    this.events.push(["close", code, reason]);
  }
  onFault(code: number): void {
    this.events.push(["fault", code]);
  }
}

export const LIMITS = { message: 1024 * 1024, fragments: 16 };

/** The events of a reader of `role` for `bytes`, cut at `cuts`. */
export function readAll(
  role: "server" | "client",
  bytes: number[] | Buffer,
  cuts: number[] = [],
): WebSocketRecord["events"] {
  const record = new WebSocketRecord();
  const reader = new WebSocketReader(role, LIMITS, record);
  // A copy for each reader, because it unmasks in place.
  const copy = Buffer.from(bytes);
  [...cuts, copy.length].forEach((end, index, ends) => {
    const piece = copy.subarray(ends[index - 1] ?? 0, end);
    reader.read(piece);
    // A reader that kept a view would read garbage.
    piece.fill(0xdb);
  });
  return record.events;
}

const key: fc.Arbitrary<number[]> = fc.oneof(
  fc.constant<number[]>([0, 0, 0, 0]),
  fc.array(fc.nat(255), { minLength: 4, maxLength: 4 }),
);
const bytes = (maxLength: number): fc.Arbitrary<number[]> => fc.array(fc.nat(255), { maxLength });
const length = fc.oneof(fc.nat(300), fc.constantFrom(125, 126, 127, 65_535, 65_536, 70_000));

/** A message in fragments with control frames between them, and the events that it causes. */
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
    const events: (string | number)[][] = [];
    const whole: number[] = [];
    fragments.forEach(({ length, seed, ping }, index) => {
      if (ping !== null) {
        frames.push({ opcode: 9, key, payload: ping });
        events.push(["ping", Buffer.from(ping).toString("hex")]);
      }
      const payload = Array.from({ length }, (_, at) => (seed + at * 7) % 256);
      for (const byte of payload) whole.push(byte);
      frames.push({ opcode: index === 0 ? 2 : 0, final: index === fragments.length - 1, key, payload });
    });
    events.push(["message", Buffer.from(whole).toString("hex")]);
    return { frames, events };
  });

/** Valid messages, masked as a client's frames are. */
export const anyMessages = fc.array(message, { minLength: 1, maxLength: 3 });
