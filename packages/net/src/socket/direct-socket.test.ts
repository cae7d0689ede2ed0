import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { until } from "@postern/testkit";
import { DirectSocket } from "./direct-socket.js";
import { giveBack, lend, READ_SIZE, SHARED_BUFFER, takeReadBuffer, releaseReadBuffer } from "./read-buffers.js";

/** A DirectSocket and the socket at its other end. */
async function connected(): Promise<{ near: DirectSocket; far: Socket }> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const near = new DirectSocket();
  near.connect({ host: "127.0.0.1", port: (server.address() as AddressInfo).port });
  const [far] = (await once(server, "connection")) as [Socket];
  onTestFinished(() => {
    near.destroy();
    far.destroy();
    server.close();
  });
  return { near, far };
}

test("as a stream it delivers copies, and the end", async () => {
  const { near, far } = await connected();
  const chunks: Buffer[] = [];
  near.on("data", (chunk: Buffer) => chunks.push(chunk));
  for (const text of ["one", "two", "three"]) {
    far.write(text);
    await until(text, () => Buffer.concat(chunks).toString().endsWith(text));
  }
  expect(Buffer.concat(chunks).toString()).toBe("onetwothree");
  far.end();
  await once(near, "end");
});

test("after readDirectly, the callback gets every byte in the shared buffer", async () => {
  const { near, far } = await connected();
  let text = "";
  near.readDirectly((chunk) => {
    text += chunk.toString();
    expect(chunk.buffer).toBe(SHARED_BUFFER.buffer);
    return true;
  });
  for (const part of ["one", "two", "x".repeat(READ_SIZE)]) {
    far.write(part);
    await until(part.slice(0, 3), () => text.endsWith(part));
  }
  expect(text).toBe(`onetwo${"x".repeat(READ_SIZE)}`);
});

test("reading stops when the callback returns false, and continues after resume", async () => {
  const { near, far } = await connected();
  let text = "";
  near.readDirectly((chunk) => {
    text += chunk.toString();
    return false;
  });
  far.write("one");
  await until("the first", () => text === "one");
  far.write("two");
  // Another connection's bytes arrive later, and by then these would have arrived, too.
  const other = await connected();
  let arrived = false;
  other.near.readDirectly(() => (arrived = true));
  other.far.write("x");
  await until("the other", () => arrived);
  expect(text).toBe("one");
  near.resume();
  await until("the second", () => text === "onetwo");
});

describe("a socket whose bytes may be lent", () => {
  /** Reads bulk data; `each` gets the chunks. */
  async function reading(each: (chunk: Buffer) => void): Promise<{ near: DirectSocket; send: (text: string) => void }> {
    const { near, far } = await connected();
    near.readDirectly(
      (chunk) => {
        each(chunk);
        return true;
      },
      { mayLend: true },
    );
    return { near, send: (text) => void far.write(text) };
  }

  test("reads bulk data into a buffer of its own, and small data into the shared one", async () => {
    const lengths = new Map<ArrayBufferLike, number>();
    let last: ArrayBufferLike | undefined;
    let count = 0;
    const { send } = await reading(({ buffer, length }) => {
      last = buffer;
      count += length;
      lengths.set(buffer, (lengths.get(buffer) ?? 0) + length);
    });
    const bulk = 20 * READ_SIZE;
    send("x".repeat(bulk));
    await until("the bulk", () => count === bulk);
    expect(lengths.size).toBe(2);
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
      if (chunk.buffer !== SHARED_BUFFER.buffer && lend(chunk.buffer)) lent.push(chunk);
    });
    const text = Array.from({ length: 100_000 }, (_, number) => String(number)).join(" ");
    send(text);
    await until("all", () => count === text.length);
    near.destroy();
    expect(lent.length).toBeGreaterThan(2);
    expect(new Set(lent.map(({ buffer }) => buffer)).size).toBe(lent.length);
    expect(text.endsWith(Buffer.concat(lent).toString())).toBe(true);

    const taken = takeReadBuffer();
    expect(lent.map(({ buffer }) => buffer)).not.toContain(taken.buffer);
    releaseReadBuffer(taken);
    const [first] = lent as [Buffer];
    for (const { buffer } of lent.reverse()) giveBack(buffer);
    expect(takeReadBuffer().buffer).toBe(first.buffer);
  });
});
