import fc from "fast-check";
import type { WrittenFrame } from "./frame-record.suite.js";
import { twinWrite } from "./wire-twin.suite.js";

/** An integer from `least` to `most`. Both bounds are frequent. */
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

/** Any valid frame. */
export const anyFrame: fc.Arbitrary<WrittenFrame> = fc.oneof(sessionFrame, streamFrame);

/** A batch with damage: changed, removed or missing bytes. */
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
