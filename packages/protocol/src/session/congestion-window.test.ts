import { expect, test } from "vitest";
import { CongestionWindow } from "./congestion-window.js";

const KB = 1024;
const INITIAL = 64 * KB;

/** A window whose path has been measured, with a peer whose clock equals ours. */
class Path {
  readonly window = new CongestionWindow();
  now = 60_000;

  /** @param isShared whether several streams send; without new ones, this ends after a second */
  constructor(roundTrip: number, isShared = true) {
    if (isShared) this.window.streamChanged(this.now);
    this.window.measured(this.now, this.#clock(roundTrip / 2), true, this.now + roundTrip);
    this.now += roundTrip;
  }

  /** Sends `bytes` in one message. It arrives after `delay` milliseconds, and its ACK after twice that time. */
  round(bytes: number, delay: number): void {
    const { window } = this;
    const before = window.sent;
    window.sent += bytes;
    window.leave(before, this.now);
    window.acknowledge(window.sent, this.#clock(delay), this.now + 2 * delay);
    this.now += 2 * delay;
  }

  /** A round in which as much is sent as the window allows, and more has to wait. */
  full(delay: number): void {
    const { window } = this;
    const before = window.sent;
    window.sent += window.room();
    window.room();
    window.leave(before, this.now);
    window.acknowledge(window.sent, this.#clock(delay), this.now + 2 * delay);
    this.now += 2 * delay;
  }

  #clock(delay: number): number {
    return Math.floor((this.now + delay) * 1_000) >>> 0;
  }
}

test.each([
  { roundTrip: 0.25, largest: 384 * KB },
  { roundTrip: 1.3, largest: 943_718 },
  { roundTrip: 20, largest: 256 * KB + 20 * 512 * KB },
  { roundTrip: 100, largest: 16 * KB * KB },
])("without a queue, the window of a path of $roundTrip ms grows to $largest bytes", ({ roundTrip, largest }) => {
  const path = new Path(roundTrip);
  for (let round = 0; round < 40; round++) {
    path.window.streamChanged(path.now);
    path.full(roundTrip / 2);
  }
  expect(Math.abs(path.window.size - largest)).toBeLessThan(KB);
  expect(path.window.size).toBe(Math.round(path.window.size));
});

test("while one stream sends alone, nothing waits behind its bytes, so the window may be larger", () => {
  const path = new Path(0.25, false);
  for (let round = 0; round < 40; round++) path.full(0.125);
  expect(path.window.size).toBe(1152 * KB);
  path.window.streamChanged(path.now);
  path.full(0.125);
  expect(path.window.size).toBe(384 * KB);
  path.now += 1_000;
  for (let round = 0; round < 10; round++) path.full(0.125);
  expect(path.window.size).toBe(1152 * KB);
});

test("an ACK that is faster than the PING shows that the path is shorter, and the window shrinks with the next round", () => {
  const path = new Path(8);
  for (let round = 0; round < 20; round++) path.full(4);
  expect(path.window.size).toBe(256 * KB + 8 * 512 * KB);
  path.full(0.25);
  expect(path.window.baseRtt).toBeCloseTo(0.5);
  expect(path.window.size).toBe(512 * KB);
});

test("a queue behind another limit shrinks the window to the bytes in flight, but not below its first size", () => {
  const path = new Path(20);
  for (let round = 0; round < 40; round++) path.full(10);
  path.now += 10_000;
  const { size } = path.window;
  for (const [bytes, expected] of [
    [3_000 * KB, 2_000 * KB],
    [900 * KB, 600 * KB],
    [300 * KB, 200 * KB],
    [80 * KB, INITIAL],
  ] as const) {
    path.window.heldElsewhere();
    path.now += 1_000;
    path.round(bytes, 50);
    expect(path.window.size).toBeLessThan(size);
    expect(path.window.size).toBeLessThanOrEqual(Math.max(expected, INITIAL));
  }
  expect(path.window.size).toBe(INITIAL);
});

test("a queue does not shrink the window while nothing waits", () => {
  const path = new Path(20);
  for (let round = 0; round < 5; round++) path.round(60 * KB, 50);
  expect(path.window.size).toBe(INITIAL);
});

test("one late round keeps what the path carries at its usual rate", () => {
  const path = new Path(1);
  for (let round = 0; round < 300; round++) path.full(0.5);
  const { size } = path.window;
  path.full(20);
  // Without the rate, the window would be halved for every late round.
  expect(path.window.size).toBe(size);
});

test("rounds that stay late shrink it, because the path has become slower", () => {
  const path = new Path(1);
  for (let round = 0; round < 300; round++) path.full(0.5);
  for (let round = 0; round < 40; round++) path.full(20);
  expect(path.window.size).toBeLessThan(16 * KB);
});
