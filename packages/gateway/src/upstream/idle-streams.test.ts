import { beforeEach, describe, expect, test } from "vitest";
import type { ByteStream, ByteStreamHandler, Upstream } from "./byte-stream.js";
import { refusals } from "../http/index.js";
import { POOL_LIMITS, StreamPool } from "./idle-streams.js";

class FakeStream implements ByteStream {
  handler!: ByteStreamHandler;
  ended = false;
  broken = false;
  write(): boolean {
    return true;
  }
  end(): void {
    this.ended = true;
  }
  reset(): void {
    this.broken = true;
  }
  consumed(): void {}
}

let unavailable: Upstream["unavailable"];
const upstream: Upstream = {
  get unavailable() {
    return unavailable;
  },
  dial: () => new FakeStream(),
};
let pool: StreamPool;
let stream: FakeStream;
beforeEach(() => {
  unavailable = undefined;
  pool = new StreamPool(upstream);
  stream = new FakeStream();
});

describe("an idle stream", () => {
  test("is reused, the last first", () => {
    const later = new FakeStream();
    pool.give(stream, 0, -1);
    pool.give(later, 0, -1);
    expect([pool.take(1), pool.take(1), pool.take(1)]).toEqual([later, stream, undefined]);
  });

  test("is let go when it has been idle too long", () => {
    pool.give(stream, 0, -1);
    expect(pool.take(POOL_LIMITS.idle)).toBeUndefined();
    expect(stream).toMatchObject({ ended: true, broken: false });
  });

  test("is let go a second before the origin's own patience ends", () => {
    pool.give(stream, 0, 3);
    pool.sweep(1_999);
    expect(stream.ended).toBe(false);
    pool.sweep(2_000);
    expect(stream.ended).toBe(true);
  });

  test("whose origin has no patience is not kept at all", () => {
    pool.give(stream, 0, 1);
    expect(stream.ended).toBe(true);
    expect(pool.take(0)).toBeUndefined();
  });

  test("is not kept for an upstream that takes no more requests", () => {
    unavailable = refusals.PN_TUNNEL_AWAY;
    pool.give(stream, 0, -1);
    expect(stream.ended).toBe(true);
  });

  test.each<[string, (handler: ByteStreamHandler) => void, Partial<FakeStream>]>([
    ["says something unasked", (handler) => handler.onData(Buffer.from("HTTP/1.1 200 OK\r\n\r\n")), { broken: true }],
    ["half-closes", (handler) => handler.onEnd(), { ended: true }],
    ["breaks", (handler) => handler.onReset({ code: "PN_LOCAL_RESET", delivered: -1 }), {}],
  ])("that %s is never reused", (_what, happens, outcome) => {
    pool.give(stream, 0, -1);
    happens(stream.handler);
    expect(pool.take(0)).toBeUndefined();
    expect(stream).toMatchObject(outcome);
  });
});

describe("a new stream beside idle ones", () => {
  test("takes the place of the one that was idle longest", () => {
    const later = new FakeStream();
    pool.give(stream, 0, -1);
    pool.give(later, 1, -1);
    pool.makeRoom(2);
    expect([stream.ended, stream.broken, later.ended]).toEqual([true, false, false]);
    expect(pool.take(2)).toBe(later);
  });

  test("takes it at once where all places are taken", () => {
    pool.give(stream, 0, -1);
    unavailable = refusals.PN_OVERLOADED;
    pool.makeRoom(1);
    expect(stream.broken).toBe(true);
  });
});

test("a stream that is let go and does not close is reset after a while", () => {
  pool.give(stream, 0, -1);
  pool.clear(10);
  pool.sweep(10 + POOL_LIMITS.closing - 1);
  expect(stream).toMatchObject({ ended: true, broken: false });
  pool.sweep(10 + POOL_LIMITS.closing);
  expect(stream.broken).toBe(true);
});
