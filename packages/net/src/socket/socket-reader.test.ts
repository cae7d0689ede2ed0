import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { until } from "@postern/testkit";
import { describe, expect, onTestFinished, test } from "vitest";
import { giveBack, lend, release } from "./buffer-pool.js";
import { READ_BUFFERS, SHARED_BUFFER } from "./read-buffers.js";
import { afterArrival, PAIRS, secured, tcpPair } from "./socket-pairs.suite.js";
import { readSocket } from "./socket-reader.js";

const isDirect = process.env["POSTERN_DIRECT"] !== "0";

describe.each(PAIRS)("a socket with %s", (_name, pair) => {
  test("passes every byte on in the shared buffer, and then its end", async () => {
    const { near, far } = await pair();
    let text = "";
    const memory = new Set<ArrayBufferLike>();
    readSocket(near, (chunk) => {
      text += chunk.toString();
      memory.add(chunk.buffer);
    });
    let sent = "";
    for (const part of ["one ", "two ", "x".repeat(100_000)]) {
      far.write(part);
      sent += part;
      await until(part.slice(0, 3), () => text === sent);
    }
    far.end("last");
    await once(near, "end");
    expect(text === `${sent}last`).toBe(true);
    if (isDirect) expect([...memory]).toEqual([SHARED_BUFFER.buffer]);
  });

  test("passes on first what its stream has buffered before", async () => {
    const { near, far } = await pair();
    far.write("early ");
    await once(near, "readable");
    near.pause();
    near.unshift(Buffer.from("put back, "));
    let text = "";
    readSocket(near, (chunk) => (text += chunk.toString()));
    far.write("late");
    await afterArrival();
    expect(text).toBe("");
    near.resume();
    await until("everything", () => text === "put back, early late");
  });

  test("passes nothing on while the reader is paused, however it was paused", async () => {
    const { near, far } = await pair();
    let text = "";
    let pauses = true;
    const reader = readSocket(near, (chunk) => {
      text += chunk.toString();
      if (pauses) reader.pause();
    });
    // Several TLS records in one read of the socket below.
    far.cork();
    for (const part of ["a", "b", "c"]) far.write(part);
    far.uncork();
    await until("the first", () => text !== "");
    const first = text;
    await afterArrival();
    expect([text, reader.isPaused]).toEqual([first, true]);
    pauses = false;
    reader.resume();
    reader.pause();
    far.write("d");
    await afterArrival();
    expect([text, reader.isPaused]).toEqual([first, true]);
    reader.resume();
    await until("the rest", () => text === "abcd");
    expect(reader.isPaused).toBe(false);
  });

  test("holds a bounded number of bytes while it is paused", async () => {
    const { near, far } = await pair();
    const reader = readSocket(near, () => reader.pause());
    far.write(Buffer.alloc(8 * 1024 * 1024));
    await until("the first", () => reader.isPaused);
    for (let round = 0; round < 3; round++) await afterArrival();
    expect(near.readableLength).toBeLessThanOrEqual(3 * 64 * 1024);
  });

  test("passes nothing on after it is destroyed in a call", async () => {
    const { near, far } = await pair();
    let calls = 0;
    readSocket(near, () => {
      calls++;
      near.destroy();
    });
    far.write(Buffer.alloc(100_000));
    await once(near, "close");
    await afterArrival();
    expect(calls).toBe(1);
  });

  test("is left to its stream in a call, which begins with the bytes put back, and then to another reader", async () => {
    const { near, far } = await pair();
    let first = "";
    const reader = readSocket(near, (chunk) => {
      first = chunk.toString();
      reader.stop();
      near.unshift(Buffer.from(chunk.subarray(1)));
    });
    far.cork();
    for (const part of ["abc", "def"]) far.write(part);
    far.uncork();
    await until("the first", () => first !== "");
    const kept: Buffer[] = [];
    const keep = (chunk: Buffer): void => void kept.push(chunk);
    near.on("data", keep).resume();
    await until("the rest", () => Buffer.concat(kept).toString() === "bcdef");
    near.off("data", keep);
    let text = "";
    readSocket(near, (chunk) => (text += chunk.toString()));
    far.write("ghi");
    await until("the other reader's", () => text === "ghi");
    expect(Buffer.concat(kept).toString()).toBe("bcdef");
  });
});

test("TLS can begin on a socket whose reader has stopped", async () => {
  const { near, far } = await tcpPair();
  let text = "";
  const reader = readSocket(near, (chunk) => {
    text += chunk.toString();
    reader.stop();
  });
  far.write("STARTTLS");
  await until("the command", () => text === "STARTTLS");
  const secure = await secured({ near, far });
  let inside = "";
  readSocket(secure.near, (chunk) => (inside += chunk.toString()));
  secure.far.end("x".repeat(50_000));
  await once(secure.near, "end");
  expect([text, inside === "x".repeat(50_000)]).toEqual(["STARTTLS", true]);
});

test("a socket with an `onread` of its own keeps it", async () => {
  const { far } = await tcpPair();
  const server = createServer().listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  let own = "";
  const onread = {
    buffer: Buffer.alloc(64),
    callback: (bytes: number, buffer: Uint8Array) => (own += Buffer.from(buffer.subarray(0, bytes)).toString()) !== "",
  };
  const socket = connect({ port: (server.address() as AddressInfo).port, host: "127.0.0.1", onread });
  onTestFinished(() => void socket.destroy());
  const [peer] = (await once(server, "connection")) as [Socket];
  onTestFinished(() => void peer.destroy());
  let text = "";
  readSocket(socket, (chunk) => (text += chunk.toString()));
  peer.write("bytes");
  await until("the bytes", () => own === "bytes");
  expect([text, far.destroyed]).toEqual(["", false]);
});

describe.runIf(isDirect).each(PAIRS.slice(0, 2))("a socket with %s whose bytes may be lent", (name, pair) => {
  /** Reads bulk data; `each` gets the chunks. */
  async function reading(each: (chunk: Buffer) => void): Promise<{ near: Socket; send: (text: string) => void }> {
    const { near, far } = await pair();
    readSocket(near, each, { mayLend: true });
    return { near, send: (text) => void far.write(text) };
  }

  test("reads bulk data into a buffer of its own, and small data into the shared one", async () => {
    const memory = new Set<ArrayBufferLike>();
    let last: ArrayBufferLike | undefined;
    let count = 0;
    const { send } = await reading(({ buffer, length }) => {
      last = buffer;
      count += length;
      memory.add(buffer);
    });
    const bulk = 1024 * 1024;
    send("x".repeat(bulk));
    await until("the bulk", () => count === bulk);
    expect(memory.size).toBe(2);
    for (let number = 1; number <= 2; number++) {
      send("y");
      await until("a small read", () => count === bulk + number);
    }
    expect(last).toBe(SHARED_BUFFER.buffer);
  });

  test("does not read into memory on loan, which is reused after its return", async () => {
    const lent: Buffer[] = [];
    let count = 0;
    const { near, send } = await reading((chunk) => {
      count += chunk.length;
      if (lent.length < 4 && chunk.buffer !== SHARED_BUFFER.buffer && lend(chunk.buffer)) lent.push(chunk);
    });
    const text = Array.from({ length: 100_000 }, (_, number) => String(number)).join(" ");
    send(text);
    await until("all", () => count === text.length);
    near.destroy();
    await once(near, "close");
    expect(lent.length).toBeGreaterThan(2);
    if (name === "TCP") expect(new Set(lent.map(({ buffer }) => buffer)).size).toBe(lent.length);
    expect(lent.filter((chunk) => !text.includes(chunk.toString()))).toHaveLength(0);

    const taken = READ_BUFFERS.take();
    expect(lent.map(({ buffer }) => buffer)).not.toContain(taken.buffer);
    release(taken.buffer);
    const [first] = lent as [Buffer];
    for (const { buffer } of lent.reverse()) giveBack(buffer);
    expect(READ_BUFFERS.take().buffer).toBe(first.buffer);
  });

  test("reads full TLS records together, and passes on those that wait before the end", async () => {
    const sizes: number[] = [];
    let hasEnded = false;
    const { near, far } = await secured(await tcpPair());
    readSocket(
      near,
      (chunk) => {
        expect(hasEnded).toBe(false);
        sizes.push(chunk.length);
      },
      { mayLend: true },
    );
    near.on("end", () => (hasEnded = true));
    const record = 16 * 1024;
    far.end(Buffer.alloc(40 * record));
    await until("the end", () => hasEnded);
    expect(sizes.reduce((sum, size) => sum + size)).toBe(40 * record);
    expect(sizes.every((size) => size % record === 0 && size <= 8 * record)).toBe(true);
    expect(sizes.length).toBeLessThanOrEqual(20);
  });
});
