import { PassThrough } from "node:stream";
import type { Socket } from "node:net";
import { expect, test } from "vitest";
import { peekClientHello } from "./peek.js";

/** A ClientHello that never ends, in records of one byte each. */
function* endless(): Generator<Buffer> {
  for (const byte of [1, 0, 0x3f, 0xff]) yield Buffer.from([22, 3, 1, 0, 1, byte]);
  for (;;) yield Buffer.from([22, 3, 1, 0, 1, 0]);
}

// Time is not measured: reading everything again for each packet would take hours.
test("an endless ClientHello in thousands of records and packets is read once, and rejected", async () => {
  const stream = new PassThrough();
  const peeked = peekClientHello(stream as unknown as Socket, 60_000);
  for (const record of endless()) {
    if (stream.isPaused()) break;
    stream.emit("data", record.subarray(0, 5));
    if (!stream.isPaused()) stream.emit("data", record.subarray(5));
  }
  expect((await peeked).kind).toBe("invalid");
});

test("the bytes can be read again from the socket", async () => {
  const stream = new PassThrough();
  const peeked = peekClientHello(stream as unknown as Socket, 60_000);
  stream.write("GE");
  expect((await peeked).kind).toBe("text");
  expect(String(stream.read())).toBe("GE");
});
