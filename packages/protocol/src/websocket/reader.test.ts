import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { unmask } from "./mask.js";
import { WebSocketReader } from "./reader.js";
import { anyMessages, LIMITS, readAll, twinFrame, WebSocketRecord, type TwinFrame } from "./reader-twin.suite.js";

const KEY = [0x37, 0xfa, 0x21, 0x3d];
const hello = Buffer.from("Hello").toString("hex");

/** The events that `frames` cause in a server, masked, and in a client, not masked; both must be the same. */
function bothRead(frames: TwinFrame[], cuts: number[] = []): WebSocketRecord["events"] {
  const masked = frames.flatMap((frame) => twinFrame({ key: KEY, ...frame }));
  const plain = frames.flatMap((frame) => twinFrame({ ...frame, key: undefined }));
  const events = readAll("server", masked, cuts);
  expect(readAll("client", plain, cuts)).toEqual(events);
  return events;
}

function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(" ", ""), "hex");
}

describe("the examples of RFC 6455, section 5.7, as binary messages", () => {
  const long = Array.from({ length: 65_536 }, (_, index) => index % 256);
  test.each([
    ["an unmasked message", "client", hex("82 05 48656c6c6f"), [["message", hello]]],
    ["a masked message", "server", hex("82 85 37fa213d 7f9f4d5158"), [["message", hello]]],
    ["a fragmented message", "client", hex("02 03 48656c 80 02 6c6f"), [["message", hello]]],
    ["a ping", "client", hex("89 05 48656c6c6f"), [["ping", hello]]],
    ["a pong", "server", hex("8a 85 37fa213d 7f9f4d5158"), [["pong"]]],
    ["256 bytes", "client", Buffer.concat([hex("82 7e 0100"), Buffer.from(long.slice(0, 256))]), [["message", Buffer.from(long.slice(0, 256)).toString("hex")]]],
    ["64 KiB", "client", Buffer.concat([hex("82 7f 0000000000010000"), Buffer.from(long)]), [["message", Buffer.from(long).toString("hex")]]],
  ] as const)("%s", (_name, role, bytes, events) => {
    expect(readAll(role, bytes)).toEqual(events);
  }); // prettier-ignore

  test("cut at every position, and into single bytes", () => {
    const bytes = hex(
      "02 83 37fa213d 7f9f4d 89 85 37fa213d 7f9f4d5158 80 82 00000000 6c6f 82 80 01020304 88 84 37fa213d 3412494f",
    );
    const events = [
      ["ping", hello],
      ["message", hello],
      ["message", ""],
      ["close", 1000, "hr"],
    ];
    expect(readAll("server", bytes)).toEqual(events);
    for (let cut = 0; cut <= bytes.length; cut++) expect(readAll("server", bytes, [cut])).toEqual(events);
    expect(readAll("server", bytes, [...bytes.keys()])).toEqual(events);
  });
});

describe("violations", () => {
  const fill = (length: number): number[] => Array.from({ length }, () => 1);
  const close = (...payload: number[]): TwinFrame[] => [{ opcode: 8, payload }];
  const begun: TwinFrame = { final: false, payload: [1] };

  test.each<[string, TwinFrame[], number]>([
    ["the first reserved bit", [{ reserved: 4 }], 1002],
    ["the second reserved bit", [{ reserved: 2 }], 1002],
    ["the third reserved bit", [{ reserved: 1 }], 1002],
    ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode): [string, TwinFrame[], number] => [`opcode ${opcode}`, [{ opcode }], 1002]),
    ["a text message", [{ opcode: 1, payload: [104, 105] }], 1003],
    ["text, to be continued", [{ opcode: 1, final: false }], 1003],
    ["a continuation without a message", [{ opcode: 0 }], 1002],
    ["a continuation after the end", [{}, { opcode: 0 }], 1002],
    ["a message within a message", [begun, {}], 1002],
    ["a fragmented ping", [{ opcode: 9, final: false }], 1002],
    ["a fragmented close", [{ opcode: 8, final: false }], 1002],
    ["a ping of 126 bytes", [{ opcode: 9, payload: fill(126) }], 1002],
    ["a pong of 126 bytes", [{ opcode: 10, payload: fill(126) }], 1002],
    ["a close of 126 bytes", [{ opcode: 8, payload: fill(126) }], 1002],
    ["a short length in two bytes", [{ payload: fill(125), lengthBytes: 2 }], 1002],
    ["length 0 in two bytes", [{ lengthBytes: 2 }], 1002],
    ["a short length in eight bytes", [{ payload: fill(125), lengthBytes: 8 }], 1002],
    ["a length of 65,535 in eight bytes", [{ payload: fill(65_535), lengthBytes: 8 }], 1002],
    ["a message of 1 MiB and one byte", [{ payload: fill(1_048_577) }], 1009],
    ["a message of that size in fragments", [{ final: false, payload: fill(1_048_576) }, { opcode: 0, payload: [1] }], 1009],
    ["a message in 17 fragments", [begun, ...Array.from({ length: 16 }, (_, index) => ({ opcode: 0, final: index === 15 }))], 1008],
    ["an incomplete close code", close(3), 1002],
    ["close code 0", close(0, 0), 1002],
    ["close code 999", close(3, 231), 1002],
    ["close code 1004", close(3, 236), 1002],
    ["close code 1005", close(3, 237), 1002],
    ["close code 1006", close(3, 238), 1002],
    ["close code 1015", close(3, 247), 1002],
    ["close code 2999", close(11, 183), 1002],
    ["close code 5000", close(19, 136), 1002],
    ["a close reason that is not UTF-8", close(3, 232, 0xc3, 0x28), 1007],
  ])("%s", (_name, frames, code) => {
    const events = bothRead([...frames, { payload: [9] }]);
    expect(events.at(-1)).toEqual(["fault", code]);
    expect(events).not.toContainEqual(["message", "09"]);
  }); // prettier-ignore

  test("the wrong masking", () => {
    expect(readAll("server", twinFrame({ payload: [1] }))).toEqual([["fault", 1002]]);
    expect(readAll("client", twinFrame({ payload: [1], key: [0, 0, 0, 0] }))).toEqual([["fault", 1002]]);
  });

  test("a length above 2^53", () => {
    expect(readAll("client", hex("82 7f ffffffffffffffff"))).toEqual([["fault", 1009]]);
  });

  test("a fault is reported before the payload arrives", () => {
    expect(readAll("client", hex("82 7f 0000000000100001"))).toEqual([["fault", 1009]]);
    expect(readAll("server", hex("81 85"))).toEqual([["fault", 1003]]);
  });
});

describe("allowed up to the limits", () => {
  test("1 MiB, in 16 fragments, with pings between them", () => {
    const part = Array.from({ length: 65_536 }, () => 7);
    const frames = Array.from({ length: 16 }, (_, index): TwinFrame[] => [
      { opcode: 9, payload: [index] },
      { opcode: index === 0 ? 2 : 0, final: index === 15, payload: part },
    ]).flat();
    const events = bothRead([...frames, ...frames]);
    expect(events).toHaveLength(34);
    expect(events.filter(([kind]) => kind === "message")).toEqual(Array(2).fill(["message", "07".repeat(1_048_576)]));
  });

  test.each([[[]], [[3, 232]], [[3, 233]], [[3, 235]], [[3, 239]], [[3, 246]], [[11, 184]], [[19, 135]]])(
    "closing with %j",
    (payload) => {
      const code = payload.length === 0 ? 1005 : (payload[0] as number) * 256 + (payload[1] as number);
      expect(bothRead([{ opcode: 8, payload }, { payload: [9] }, { opcode: 9 }])).toEqual([["close", code, ""]]);
    },
  );
});

test("any messages, with any keys and pings between fragments, are read correctly, cut anywhere", () => {
  fc.assert(
    fc.property(anyMessages, fc.array(fc.nat(100_000), { maxLength: 8 }), (messages, places) => {
      const bytes = messages.flatMap(({ frames }) => frames.flatMap(twinFrame));
      const cuts = places.map((at) => at % (bytes.length + 1)).toSorted((a, b) => a - b);
      expect(readAll("server", bytes, cuts)).toEqual(messages.flatMap(({ events }) => events));
    }),
    { numRuns: 60 },
  );
});

test("a reader that stops at any frame or inside any payload, and reads on later, reports the same", () => {
  fc.assert(
    fc.property(anyMessages, fc.infiniteStream(fc.nat(99)), (messages, choices) => {
      /** Busy after about every third frame, and uses only a part of every third piece. */
      class BusyRecord extends WebSocketRecord {
        override onMessage(piece: Buffer, last: boolean): number {
          const choice = choices.next().value as number;
          this.isBusy = choice % 3 === 0;
          if (choice % 3 !== 1) return super.onMessage(piece, last);
          const used = choice % (piece.length + 1);
          return super.onMessage(piece.subarray(0, used), last && used === piece.length);
        }
        override onPing(payload: Buffer): void {
          this.isBusy = (choices.next().value as number) % 3 === 0;
          super.onPing(payload);
        }
      }
      const record = new BusyRecord();
      const reader = new WebSocketReader("server", LIMITS, record);
      let rest = Buffer.from(messages.flatMap(({ frames }) => frames.flatMap(twinFrame)));
      while (rest.length > 0) {
        rest = rest.subarray(reader.read(rest));
        record.isBusy = false;
      }
      expect(record.events).toEqual(messages.flatMap(({ events }) => events));
    }),
    { numRuns: 60 },
  );
});

test("no input makes it throw, and a fault or a close is its last event", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 60 }), (bytes) => {
      for (const role of ["server", "client"] as const) {
        const events = readAll(role, [...bytes], [...bytes.keys()]);
        expect(events).toEqual(readAll(role, [...bytes]));
        const ends = events.findIndex(([kind]) => kind === "fault" || kind === "close");
        expect([-1, events.length - 1]).toContain(ends);
      }
    }),
    { numRuns: 2_000 },
  );
});

test("unmasking by words equals unmasking by bytes, at any offset", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(7), fc.nat(100), fc.uint8Array({ minLength: 4, maxLength: 4 }), (bytes, place, offset, key) => {
      const bytesThere = Buffer.alloc(bytes.length + place).subarray(place);
      bytesThere.set(bytes);
      unmask(bytesThere, Buffer.from(key).readInt32BE(), offset);
      expect([...bytesThere]).toEqual([...bytes].map((byte, index) => byte ^ (key[(offset + index) % 4] as number)));
    }), // prettier-ignore
  );
});

test("payloads are views, not copies, and are reported before the message is complete", () => {
  const record = new WebSocketRecord();
  const reader = new WebSocketReader("client", LIMITS, record);
  const chunk = hex("82 0a 0102030405");
  record.onMessage = (piece, last) => {
    expect(piece.buffer).toBe(chunk.buffer);
    expect([piece.toString("hex"), last]).toEqual(["0102030405", false]);
    return piece.length;
  };
  reader.read(chunk);
  expect.assertions(2);
});
