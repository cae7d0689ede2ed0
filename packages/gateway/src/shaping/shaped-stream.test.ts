import { describe, expect, test } from "vitest";
import { memoryStreams, type MemoryStream } from "@postern/testkit";
import type { ByteStream, ResetReason } from "@postern/net";
import { FakeClock } from "../deadlines/fake-clock.suite.js";
import { Bandwidths } from "./bandwidths.js";

const KB = 1024;
const RATE = 100 * KB;
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A reader that consumes everything at once, and counts. */
class Reader {
  received = 0;
  drains = 0;
  ended = false;
  reason: ResetReason | undefined;
  readonly stream: ByteStream;
  readonly origin: MemoryStream;

  constructor(stream: ByteStream, origin: MemoryStream) {
    this.stream = stream;
    this.origin = origin;
    stream.handler = {
      onData: ({ length }) => {
        this.received += length;
        stream.consumed(length);
      },
      onEnd: () => (this.ended = true),
      onReset: (reason) => (this.reason = reason),
      onDrain: () => void this.drains++,
    };
  }
}

/** Streams of names with a limited bandwidth, on a clock of the test. */
class World {
  readonly clock = new FakeClock();
  readonly bandwidths: Bandwidths;

  constructor(rate = RATE) {
    this.bandwidths = new Bandwidths(rate, this.clock);
  }

  /** @param window as of a stream of a session */
  open(name = "a", window = 16 * KB): Reader {
    const [near, far] = memoryStreams({ window });
    return new Reader(this.bandwidths.use(name).shape(near), far);
  }

  /** Lets time pass in small steps, in which bytes arrive. */
  async pass(milliseconds: number, each: () => void = () => {}): Promise<void> {
    for (let passed = 0; passed < milliseconds; passed += 10) {
      each();
      await settle();
      this.clock.pass(10);
    }
    await settle();
  }
}

/** An origin that has this many bytes to send. */
function serve({ origin }: Reader, bytes: number): void {
  for (let left = bytes; left > 0; left -= 8 * KB) origin.write(Buffer.alloc(Math.min(8 * KB, left)));
}

describe("a download", () => {
  test("takes the time that its bandwidth needs, and nothing of it is lost", async () => {
    const world = new World();
    const reader = world.open();
    serve(reader, 500 * KB);
    await world.pass(2_000);
    expect(Math.abs(reader.received - 2 * RATE)).toBeLessThan(40 * KB);
    await world.pass(4_000);
    expect(reader.received).toBe(500 * KB);
  });

  test("does not wait if it is slower than its bandwidth", async () => {
    const world = new World();
    const reader = world.open();
    let sent = 0;
    await world.pass(3_000, () => {
      reader.origin.write(Buffer.alloc(512));
      sent += 512;
    });
    expect(reader.received).toBe(sent);
  });

  test("shares the bandwidth equally with others of the name, and not at all with those of another name", async () => {
    const world = new World();
    const readers = [world.open(), world.open("a", 256 * KB), world.open(), world.open("a", 64 * KB)];
    const other = world.open("b");
    for (const each of [...readers, other]) serve(each, 4_000 * KB);
    await world.pass(20_000);
    const before = readers.map(({ received }) => received);
    await world.pass(10_000);
    const shares = readers.map(({ received }, n) => received - before[n]!);
    for (const share of shares) expect(Math.abs(share - 250 * KB)).toBeLessThan(50 * KB);
    expect(Math.abs(other.received - 3_000 * KB)).toBeLessThan(50 * KB);
  });

  test("that ends early gives back what it was promised, and what it took too early counts for the next one", async () => {
    const world = new World();
    for (let n = 0; n < 40; n++) {
      const short = world.open("a", 256 * KB);
      serve(short, 50 * KB);
      await settle();
      short.stream.reset();
    }
    // 2,000 KB have arrived at once: windows are the peers'. The next request waits until they are paid for.
    const next = world.open();
    expect(next.stream.write(Buffer.from("GET"))).toBe(false);
    await world.pass(19_000);
    expect([next.origin.received, next.drains]).toEqual([0, 0]);
    await world.pass(1_500);
    expect([next.origin.received, next.drains]).toEqual([3, 1]);
  });

  test("ends with its last byte, however late", async () => {
    const world = new World();
    const reader = world.open();
    serve(reader, 100 * KB);
    reader.origin.end();
    await world.pass(3_000);
    expect([reader.received, reader.ended]).toEqual([100 * KB, true]);
    // All credit was returned: the peer learns that everything has arrived.
    expect(reader.origin.unsent).toBe(0);
  });
});

describe("small responses on one stream after the other", () => {
  test("together do not exceed the bandwidth", async () => {
    const world = new World();
    let served = 0;
    const visitors = Array.from({ length: 20 }, () => ({ reader: undefined as Reader | undefined }));
    await world.pass(10_000, () => {
      for (const visitor of visitors) {
        const { reader } = visitor;
        if (reader === undefined) {
          visitor.reader = world.open();
          visitor.reader.stream.write(Buffer.from("GET"));
        } else if (reader.origin.received === 3 && reader.received === 0) serve(reader, 10 * KB);
        else if (reader.received === 10 * KB) {
          served++;
          reader.stream.reset();
          visitor.reader = undefined;
        }
      }
    });
    expect(served * 10 * KB).toBeGreaterThan(0.8 * 10 * RATE);
    expect(served * 10 * KB).toBeLessThan(1.1 * 10 * RATE + 20 * 10 * KB);
  });
});

describe("an upload", () => {
  test("is accepted as fast as the bandwidth allows, piece by piece", async () => {
    const world = new World();
    const reader = world.open("a", 256 * KB);
    reader.origin.handler = { ...reader.origin.handler, onData: ({ length }) => reader.origin.consumed(length) };
    let sent = 0;
    let mayWrite = true;
    let drains = 0;
    await world.pass(5_000, () => {
      if (reader.drains > drains) [mayWrite, drains] = [true, reader.drains];
      while (mayWrite) {
        sent += 16 * KB;
        mayWrite = reader.stream.write(Buffer.alloc(16 * KB));
      }
    });
    expect(Math.abs(sent - 5 * RATE)).toBeLessThan(50 * KB);
    expect(reader.origin.received).toBe(sent);
  });

  test("does not wait for a download of the same name", async () => {
    const world = new World();
    const [down, up] = [world.open(), world.open()];
    up.origin.handler = { ...up.origin.handler, onData: ({ length }) => up.origin.consumed(length) };
    up.stream.write(Buffer.from("POST"));
    serve(down, 1_000 * KB);
    await world.pass(1_000, () => void up.stream.write(Buffer.alloc(512)));
    expect(up.origin.received).toBeGreaterThan(40 * KB);
  });
});

describe("a request that waits for its turn", () => {
  async function waiting(): Promise<{ world: World; next: Reader }> {
    const world = new World();
    serve(world.open("a", 256 * KB), 200 * KB);
    await settle();
    const next = world.open();
    expect(next.stream.write(Buffer.from("GET "))).toBe(false);
    return { world, next };
  }

  test("is sent whole and in its order, with its end", async () => {
    const { world, next } = await waiting();
    next.stream.write(Buffer.from("/"));
    next.stream.end();
    expect(next.stream.unsent).toBe(5);
    const seen: string[] = [];
    next.origin.handler = {
      onData: (chunk) => void seen.push(chunk.toString()),
      onEnd: () => void seen.push("end"),
      onReset: () => {},
      onDrain: () => {},
    };
    await world.pass(4_000);
    expect(seen.join("|")).toMatch(/^GET \|?\/\|end$/);
  });

  test("is dropped if its visitor leaves: nothing is sent, and nothing happens later", async () => {
    const { world, next } = await waiting();
    next.stream.reset();
    await world.pass(5_000);
    expect([next.origin.received, next.drains]).toEqual([0, 0]);
  });

  test("is told if its stream breaks", async () => {
    const { world, next } = await waiting();
    next.origin.reset();
    await world.pass(5_000);
    expect([next.reason?.delivered, next.drains, next.origin.received]).toEqual([expect.any(Number), 0, 0]);
  });
});

test("a name that nobody uses is forgotten, and idle names start no timer", async () => {
  const world = new World();
  const reader = world.open();
  serve(reader, 2 * KB);
  await world.pass(500);
  expect([world.clock.running, world.bandwidths.size]).toEqual([0, 1]);
  world.bandwidths.release("a");
  expect(world.bandwidths.size).toBe(0);
});

test("a thousand streams that wait have one timer", async () => {
  const world = new World();
  const readers = Array.from({ length: 1_000 }, () => world.open());
  for (const each of readers) serve(each, 100 * KB);
  await settle();
  expect(world.clock.running).toBe(1);
  const before = world.clock.started;
  await world.pass(1_000);
  expect(world.clock.started - before).toBeLessThan(200);
});
