import { ALL_BEHAVIOURS, type Input } from "./input.ts";
import type { Random } from "./random.ts";

/** The largest input, in bytes, so that every trial is quick. */
const MAX_MESSAGES = 12;
const MAX_BYTES = 40_000;

const TYPES = [0x01, 0x02, 0x03, 0x04, 0x05, 0x10, 0x11, 0x12, 0x13, 0x14];
/** Numbers at the limits of fields, windows and counts. */
// prettier-ignore
const EDGES = [0n, 1n, 2n, 7n, 8n, 255n, 256n, 1_024n, 16_383n, 16_384n, 16_385n, 65_527n, 65_535n, 65_536n, 262_144n, 0x7fff_ffffn, 0xffff_fffen,
  0xffff_ffffn, 0x1_0000_0000n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 64n - 1n];
/** Lengths of DATA around half of the guaranteed window and all of it. */
const SIZES = [1, 2, 100, 8_191, 8_192, 16_383, 16_384, 16_385];
const TEXTS = [
  "{}",
  "[]",
  '{"type":"weather"}',
  '{"type":"unbind","tunnel":1}',
  '{"type":"error","code":"PN_X","message":"m","retryable":false}',
  '{"type":"hello","versions":[1],"auth":{"method":"api_key","api_key":"k"}}',
  '{"type":"__proto__","__proto__":{"type":"unbind"}}',
  '{"type":"unbind","tunnel":"\u00e9',
];

/** A random input. */
export function newInput(random: Random): Input {
  if (random.once(8)) return fullWindow(random);
  const messages = Array.from({ length: 1 + random.below(4) }, () =>
    Buffer.concat(Array.from({ length: 1 + random.below(4) }, () => newFrame(random))),
  );
  return { role: random.pick(["server", "client"]), behaviour: random.below(ALL_BEHAVIOURS + 1), messages };
}

/** `input` with one to four changes, sometimes with a part of `other`. */
export function mutated(input: Input, other: Input, random: Random): Input {
  let { role, behaviour } = input;
  const messages = input.messages.map((message) => frames(message));
  for (let change = random.below(4); change >= 0; change--) {
    if (messages.length === 0) messages.push([newFrame(random)]);
    const at = random.below(messages.length);
    const message = messages[at] as Buffer[];
    const index = random.below(Math.max(message.length, 1));
    const frame = message[index];
    const kind = random.below(14);
    if (kind === 0) role = role === "server" ? "client" : "server";
    else if (kind === 1) behaviour = random.below(ALL_BEHAVIOURS + 1);
    else if (kind === 2) messages.splice(at, 0, [newFrame(random)]);
    else if (kind === 3) messages.splice(at, 1);
    else if (kind === 4) messages.splice(at, 0, ...other.messages.slice(random.below(3)).map(frames));
    else if (kind <= 6) message.splice(index + 1, 0, newFrame(random, frame));
    else if (frame === undefined) message.push(newFrame(random));
    else if (kind === 7) message.splice(index, 1);
    else if (kind === 8) message.splice(index, 0, frame);
    else if (kind === 9) messages.splice(at, 1, message.slice(0, index), message.slice(index));
    else message[index] = changedFrame(frame, random);
  }
  const joined = messages.map((message) => Buffer.concat(message)).filter(({ length }) => length > 0 && length < MAX_BYTES); // prettier-ignore
  return { role, behaviour, messages: joined.slice(0, MAX_MESSAGES) };
}

/** Splits a message into frames by the lengths in its headers. The last part is the remainder. */
function frames(message: Buffer): Buffer[] {
  const found: Buffer[] = [];
  let at = 0;
  while (at < message.length) {
    const end = at + 8 <= message.length ? at + 8 + message.readUInt16BE(at + 2) : message.length;
    found.push(message.subarray(at, end));
    at = end;
  }
  return found;
}

/** A frame, often of the same stream as its neighbour. */
function newFrame(random: Random, beside?: Buffer): Buffer {
  const type = random.pick(TYPES);
  const payload = newPayload(type, random);
  const header = Buffer.alloc(8);
  header[0] = type;
  header[1] = random.pick([0, 0, 0, 1, 0x80, 0x81, random.below(256)]);
  header.writeUInt16BE(payload.length, 2);
  const stream = beside !== undefined && beside.length >= 8 && !random.once(4) ? beside.readUInt32BE(4) : 0;
  header.writeUInt32BE(type < 0x10 ? 0 : stream || 1 + random.below(8), 4);
  return Buffer.concat([header, payload]);
}

/** DATA that fills the guaranteed window of a stream, or one byte less, or one byte more. */
function fullWindow(random: Random): Input {
  const stream = 1 + random.below(8);
  const header = (type: number, length: number): Buffer => Buffer.concat([Buffer.from([type, 0, length >> 8, length]), bigEndian(BigInt(stream), 4)]); // prettier-ignore
  const parts = [header(0x10, 8), Buffer.alloc(8, 0x01)];
  for (let left = 16_383 + random.below(3); left > 0;) {
    const bytes = Math.min(left, 1 + random.below(20_000));
    parts.push(header(0x11, bytes), Buffer.alloc(bytes, 0x61));
    left -= bytes;
  }
  return {
    role: random.pick(["server", "client"]),
    behaviour: random.below(ALL_BEHAVIOURS + 1),
    messages: [Buffer.concat(parts)],
  };
}

function newPayload(type: number, random: Random): Buffer {
  const u32 = (): Buffer => bigEndian(random.pick(EDGES), 4);
  const u64 = (): Buffer => bigEndian(random.once(4) ? random.pick(EDGES) : BigInt(random.below(400)), 8);
  if (type === 0x01) return Buffer.from(random.pick(TEXTS));
  if (type === 0x02) return bigEndian(BigInt(random.below(4)), 8);
  if (type === 0x03) return Buffer.concat([bigEndian(BigInt(random.below(4)), 8), u32()]);
  if (type === 0x05) return Buffer.concat([u64(), u32()]);
  if (type === 0x04 || type === 0x10) return Buffer.concat([u32(), u32()]);
  if (type === 0x11) return Buffer.alloc(random.once(4) ? 1 + random.below(20_000) : random.pick(SIZES), 0x61);
  if (type === 0x14) return Buffer.concat([bigEndian(BigInt(random.below(60)), 4), u64()]);
  return u64();
}

function changedFrame(frame: Buffer, random: Random): Buffer {
  const changed = Buffer.from(frame);
  if (changed.length < 8) return Buffer.concat([changed, random.bytes(1 + random.below(8))]);
  const kind = random.below(8);
  if (kind === 7 && changed[0] === 0x11) {
    const resized = Buffer.concat([changed.subarray(0, 8), Buffer.alloc(random.pick(SIZES), 0x61)]);
    resized.writeUInt16BE(resized.length - 8, 2);
    return resized;
  }
  if (kind === 0) changed[0] = random.once(3) ? random.below(256) : random.pick(TYPES);
  else if (kind === 1) changed[1] = random.below(256);
  else if (kind === 2) changed.writeUInt16BE(Number(random.pick(EDGES) & 0xffffn), 2);
  else if (kind === 3)
    changed.writeUInt32BE(random.once(3) ? Number(random.pick(EDGES) & 0xffff_ffffn) : random.below(10), 4);
  else if (kind === 4 && changed.length >= 16) bigEndian(random.pick(EDGES), 8).copy(changed, changed.length - 8);
  else if (kind === 5) return changed.subarray(0, random.below(changed.length));
  else changed[random.below(changed.length)] = random.below(256);
  return changed;
}

function bigEndian(value: bigint, size: 4 | 8): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(value & (2n ** 64n - 1n));
  return bytes.subarray(8 - size);
}
