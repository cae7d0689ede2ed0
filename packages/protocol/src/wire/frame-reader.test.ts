import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Batch } from "./batch.js";
import { FrameType, MAX_PAYLOAD } from "./frame.js";
import { FrameRecord, read, readFrames, reported, taken, write } from "./frame-record.suite.js";
import { FrameReader } from "./frame-reader.js";
import { anyFrame, damagedBatch } from "./any-frame.suite.js";
import { twinRead, twinWrite } from "./wire-twin.suite.js";

/** The result of the reader for `message`, in the form of the naive reader. */
function reading(message: Buffer, cuts: number[] = []): ReturnType<typeof twinRead> {
  const record = new FrameRecord();
  try {
    return { ...readFrames(message, record, cuts), frames: record.frames, refused: false };
  } catch (error) {
    expect(error).toHaveProperty("code", "PN_PROTOCOL");
    return { frames: record.frames, refused: true, bytes: 0, ackNow: false };
  }
}

describe("compared with a naive implementation", () => {
  test("any frames give the same bytes, and the bytes give the same frames", () => {
    fc.assert(
      fc.property(fc.array(anyFrame, { minLength: 1, maxLength: 12 }), (frames) => {
        const batch = new Batch();
        for (const frame of frames) write(batch, frame);
        const message = taken(batch);
        expect([...message]).toEqual(frames.flatMap(twinWrite));
        expect(read(message).frames).toEqual(frames.map(reported));
      }),
    );
  });

  test("for any damaged message, both report the same frames, fault and count", () => {
    let refused = 0;
    let accepted = 0;
    fc.assert(
      fc.property(damagedBatch, (message) => {
        const twin = twinRead(message);
        if (twin.refused) {
          refused++;
          expect(reading(message)).toEqual({ ...twin, bytes: 0, ackNow: false });
        } else {
          accepted++;
          expect(reading(message)).toEqual(twin);
        }
      }),
      { numRuns: 1_000 },
    );
    // The comparison is useful only if both cases are frequent.
    expect(Math.min(refused, accepted)).toBeGreaterThan(30);
  });

  test("random bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 64 }), (bytes) => {
        const { frames, refused } = twinRead(bytes);
        expect(reading(Buffer.from(bytes))).toMatchObject({ frames, refused });
      }),
    );
  });

  test("a batch that ends anywhere but between two frames is refused", () => {
    fc.assert(
      fc.property(fc.array(anyFrame, { minLength: 1, maxLength: 3 }), (frames) => {
        const ends = new Set([0]);
        const bytes: number[] = [];
        for (const frame of frames) ends.add(bytes.push(...twinWrite(frame)));
        for (let end = 0; end <= bytes.length; end++)
          expect(reading(Buffer.from(bytes.slice(0, end))).refused).toBe(!ends.has(end));
      }),
      { numRuns: 20 },
    );
  });
});

describe("in pieces", () => {
  const cutAnywhere = fc.record({
    message: damagedBatch,
    at: fc.oneof(fc.array(fc.nat(3_000), { maxLength: 6 }), fc.constant(undefined)),
  });

  test("a message cut anywhere, or into single bytes, gives the same frames, fault and count", () => {
    fc.assert(
      fc.property(cutAnywhere, ({ message, at }) => {
        const cuts = at?.map((cut) => cut % (message.length + 1)).toSorted((a, b) => a - b) ?? [...message.keys()];
        expect(reading(message, cuts)).toEqual(reading(message));
      }),
      { numRuns: 500 },
    );
  });

  test("DATA is counted and reported as it arrives, other frames when they are complete", () => {
    const record = new FrameRecord();
    const reader = new FrameReader();
    const reported: string[] = [];
    record.onData = (_stream, flags, payload) => void reported.push(`${flags} ${payload.toString()}`);
    const message = Buffer.from("1181000400000001616263641200000800000001000000000000000a", "hex");
    const steps = [3, 8, 9, 11, 12, 20, 27, 28].map((end, index, ends) =>
      reader.read(message.subarray(ends[index - 1] ?? 0, end), record),
    );
    reader.end();
    expect(steps.map(({ bytes }) => bytes)).toEqual([0, 8, 1, 2, 1, 0, 0, 16]);
    expect(reported).toEqual(["0 a", "0 bc", "129 d"]);
    expect(record.frames).toEqual([{ type: "WINDOW", stream: 1, limit: 10 }]);
  });

  test("a frame with ACK_NOW causes an ACK after every later piece of its message, but not of the next message", () => {
    const record = new FrameRecord();
    const reader = new FrameReader();
    const asks = Buffer.from("118000020000000161621100000100000001", "hex");
    expect(reader.read(asks.subarray(0, 9), record)).toEqual({ read: 9, bytes: 9, ackNow: true });
    expect(reader.read(asks.subarray(9), record)).toEqual({ read: 9, bytes: 9, ackNow: true });
    expect(reader.read(Buffer.from("c"), record)).toEqual({ read: 1, bytes: 1, ackNow: true });
    reader.end();
    expect(reader.read(Buffer.from("110000010000000163", "hex"), record)).toEqual({ read: 9, bytes: 9, ackNow: false });
  });

  test("a control message above the limit is refused at its header", () => {
    const reader = new FrameReader(100);
    expect(() => reader.read(Buffer.from("0100006500000000", "hex"), new FrameRecord())).toThrow("too large");
    const another = new FrameReader(100);
    expect(() => another.read(Buffer.from("0100006400000000", "hex"), new FrameRecord())).not.toThrow();
    expect(() => another.end()).toThrow("incomplete");
  });
});

describe("a batch", () => {
  test("copies only the given part of a chunk", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 500 }), fc.nat(), fc.nat(), (bytes, a, b) => {
        const start = a % bytes.length;
        const end = start + 1 + (b % (bytes.length - start));
        const batch = new Batch();
        batch.frame(FrameType.DATA, 0, 1, bytes, start, end);
        const data = Buffer.from(bytes.slice(start, end)).toString("hex");
        expect(read(taken(batch)).frames).toEqual([{ type: "DATA", flags: 0, stream: 1, data }]);
      }),
    );
  });

  test("that was taken is not changed by later ones", () => {
    const batch = new Batch();
    const messages = Array.from({ length: 50 }, (_, index) => {
      for (let frame = 0; frame <= index; frame++) batch.acknowledge(index, 0);
      const message = taken(batch);
      return { message, copy: Buffer.from(message) };
    });
    for (const { message, copy } of messages) expect(message.equals(copy)).toBe(true);
    expect(batch.length).toBe(0);
  });

  test("grows over many frames of the largest size", () => {
    const batch = new Batch();
    const payload = Buffer.alloc(MAX_PAYLOAD, "x");
    for (let stream = 1; stream <= 9; stream += 2) batch.frame(FrameType.DATA, 0, stream, payload);
    const { frames, bytes } = read(taken(batch));
    expect(bytes).toBe(5 * 65_536);
    expect(frames.map((frame) => (frame as { stream: number }).stream)).toEqual([1, 3, 5, 7, 9]);
    expect(frames.every((frame) => (frame as { data: string }).data === payload.toString("hex"))).toBe(true);
  });

  test("payloads are views into the message, not copies", () => {
    const batch = new Batch();
    batch.frame(FrameType.DATA, 0, 1, Buffer.from("abc"));
    const message = taken(batch);
    const record = new FrameRecord();
    record.onData = (_stream, _flags, payload) => expect(payload.buffer).toBe(message.buffer);
    readFrames(message, record, [10]);
    expect.assertions(2);
  });
});
