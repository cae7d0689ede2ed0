import { beforeEach, describe, expect, test } from "vitest";
import type { ByteStream, ByteStreamHandler } from "@postern/net";
import { IDLE_LIMITS, IdleStreams } from "./idle-streams.js";
import type { Upstream } from "./upstream.js";

class FakeStream implements ByteStream {
  handler!: ByteStreamHandler;
  readonly unsent = 0;
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
  resetAfterFlush(): void {
    this.reset();
  }
  consumed(): void {}
}

let unavailable: Upstream["unavailable"];
const upstream: Upstream = {
  get unavailable() {
    return unavailable;
  },
  mostIdle: 3,
  suspect: false,
  dial: () => new FakeStream(),
};
let idle: IdleStreams;
let stream: FakeStream;
beforeEach(() => {
  unavailable = undefined;
  idle = new IdleStreams(upstream);
  stream = new FakeStream();
});

describe("an idle stream", () => {
  test("is reused, the most recently used first", () => {
    const later = new FakeStream();
    idle.give(stream, 0, -1);
    idle.give(later, 0, -1);
    expect([idle.take(1), idle.take(1), idle.take(1)]).toEqual([later, stream, undefined]);
  });

  test("is retired when it has been idle too long", () => {
    idle.give(stream, 0, -1);
    expect(idle.take(IDLE_LIMITS.idle)).toBeUndefined();
    expect(stream).toMatchObject({ ended: true, broken: false });
  });

  test("is retired a second before the origin's own timeout", () => {
    idle.give(stream, 0, 3);
    idle.sweep(1_999);
    expect(stream.ended).toBe(false);
    idle.sweep(2_000);
    expect(stream.ended).toBe(true);
  });

  test("is not kept if the origin's own timeout is too short", () => {
    idle.give(stream, 0, 1);
    expect(stream.ended).toBe(true);
    expect(idle.take(0)).toBeUndefined();
  });

  test("is retired when there are too many, the one that has been idle longest first", () => {
    const later = Array.from({ length: 3 }, () => new FakeStream());
    for (const [n, each] of [stream, ...later].entries()) idle.give(each, n, -1);
    expect([stream, ...later].map(({ ended }) => ended)).toEqual([true, false, false, false]);
    expect(later).toContain(idle.take(5));
  });

  test("is not kept for an upstream that accepts no more requests", () => {
    unavailable = "gone";
    idle.give(stream, 0, -1);
    expect(stream.ended).toBe(true);
  });

  test.each<[string, (handler: ByteStreamHandler) => void, Partial<FakeStream>]>([
    ["sends something unasked", (handler) => handler.onData(Buffer.from("HTTP/1.1 200 OK\r\n\r\n")), { broken: true }],
    ["half-closes", (handler) => handler.onEnd(), { ended: true }],
    ["breaks", (handler) => handler.onReset({ cause: "broken", delivered: -1 }), {}],
  ])("that %s is never reused", (_what, happens, outcome) => {
    idle.give(stream, 0, -1);
    happens(stream.handler);
    expect(idle.take(0)).toBeUndefined();
    expect(stream).toMatchObject(outcome);
  });
});

describe("opening a new stream while others are idle", () => {
  test("retires the stream that has been idle longest", () => {
    const later = new FakeStream();
    idle.give(stream, 0, -1);
    idle.give(later, 1, -1);
    idle.makeRoom(2);
    expect([stream.ended, stream.broken, later.ended]).toEqual([true, false, false]);
    expect(idle.take(2)).toBe(later);
  });

  test("resets that stream at once if the upstream accepts no more streams", () => {
    idle.give(stream, 0, -1);
    unavailable = "full";
    idle.makeRoom(1);
    expect(stream.broken).toBe(true);
  });
});

test("a retired stream that does not close is reset after a while", () => {
  idle.give(stream, 0, -1);
  idle.clear(10);
  idle.sweep(10 + IDLE_LIMITS.closing - 1);
  expect(stream).toMatchObject({ ended: true, broken: false });
  idle.sweep(10 + IDLE_LIMITS.closing);
  expect(stream.broken).toBe(true);
});
