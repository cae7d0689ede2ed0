import { describe, expect, test } from "vitest";
import { Bulk, Received, SessionPair } from "./session-pair.suite.js";
import { megabits, type LinkOptions } from "./simulated-link.suite.js";
import type { Stream } from "./stream.js";

/** The purpose of a stream in a scenario, as its tunnel number. */
const REQUEST = 1;
const DOWNLOAD = 2;
const UPLOAD = 3;

interface Path extends Pick<LinkOptions, "readInterval" | "jitter"> {
  megabits: number;
  roundTrip: number;
  downloads?: number;
  uploads?: number;
}

/** A link under load: endless downloads and uploads, and small requests whose response times are recorded. */
class LoadedLink {
  readonly pair: SessionPair;
  readonly downloads: Received[] = [];
  /** Response times of the finished requests, in milliseconds. */
  times: number[] = [];
  readonly #capacity: number;

  constructor(path: Path) {
    this.#capacity = megabits(path.megabits);
    this.pair = new SessionPair({ ...path, rate: this.#capacity, delay: path.roundTrip / 2 });
    const { server, client } = this.pair;
    client.record.accept = (stream) => serve(stream);
    this.pair.tick();
    for (const { session } of [server, client]) session.ping();
    this.pair.clock.run(2 * path.roundTrip);
    for (let opened = 0; opened < (path.downloads ?? 0); opened++) {
      this.downloads.push(new Received(server.session.open(DOWNLOAD)));
    }
    for (let opened = 0; opened < (path.uploads ?? 0); opened++) new Bulk(server.session.open(UPLOAD));
  }

  /** Sends a request of 200 bytes with a response of 130 bytes every `interval` milliseconds. */
  requests(interval: number): void {
    const { clock, server } = this.pair;
    clock.every(interval, () => {
      const start = clock.now();
      const request = new Received(server.session.open(REQUEST));
      request.onBytes = (bytes) => {
        if (bytes < 130) return;
        this.times.push(clock.now() - start);
        request.stream.end();
      };
      request.stream.write(Buffer.alloc(200));
    });
  }

  /** Lets `seconds` pass. Returns the share of the link that was used in each direction. */
  use(seconds: number): { up: number; down: number } {
    const { link, clock, server, client } = this.pair;
    const before = [link.server.bytesSent, link.client.bytesSent] as const;
    clock.run(seconds * 1_000);
    expect([server.record.closed, client.record.closed]).toEqual([undefined, undefined]);
    const share = (bytes: number): number => bytes / (this.#capacity * seconds * 1_000);
    return { up: share(link.server.bytesSent - before[0]), down: share(link.client.bytesSent - before[1]) };
  }

  /** The 99th percentile of the response times. */
  get p99(): number {
    const sorted = this.times.toSorted((a, b) => a - b);
    return sorted[Math.floor(sorted.length * 0.99)] ?? Infinity;
  }
}

function serve(stream: Stream): void {
  if (stream.tunnel === DOWNLOAD) return void new Bulk(stream);
  const received = new Received(stream);
  if (stream.tunnel === UPLOAD) return;
  received.onBytes = (bytes) => {
    if (bytes < 200) return;
    stream.write(Buffer.alloc(130));
    stream.end();
  };
}

describe("small requests during bulk transfers", () => {
  test.each([
    { megabits: 10, roundTrip: 0.3, downloads: 1, uploads: 0 },
    { megabits: 10, roundTrip: 0.3, downloads: 0, uploads: 1 },
    { megabits: 10, roundTrip: 0.3, downloads: 1, uploads: 1 },
    { megabits: 10, roundTrip: 0.3, downloads: 8, uploads: 8 },
  ])("take at most 12 ms while the link is used: $downloads down, $uploads up", (path) => {
    const loaded = new LoadedLink(path);
    loaded.use(2);
    loaded.requests(50);
    const used = loaded.use(20);
    expect(loaded.times.length).toBeGreaterThan(390);
    expect(loaded.p99).toBeLessThan(12);
    expect(path.downloads === 0 ? 1 : used.down).toBeGreaterThan(0.85);
    expect(path.uploads === 0 ? 1 : used.up).toBeGreaterThan(0.85);
  });

  test.each([
    { readInterval: 0.5, limit: 8 },
    { readInterval: 2, limit: 15 },
  ])("take at most $limit ms on one machine whose processes read every $readInterval ms", ({ readInterval, limit }) => {
    const loaded = new LoadedLink({ megabits: 1_600, roundTrip: 0.05, readInterval, downloads: 1, uploads: 1 });
    loaded.use(0.3);
    loaded.requests(2);
    const used = loaded.use(0.4);
    expect(loaded.p99).toBeLessThan(limit);
    expect(Math.min(used.down, used.up)).toBeGreaterThan(0.85);
  });

  test("take at most 12 ms during a hundred downloads", () => {
    const loaded = new LoadedLink({ megabits: 10, roundTrip: 0.3, downloads: 100 });
    loaded.use(2);
    loaded.requests(50);
    expect(loaded.use(5).down).toBeGreaterThan(0.85);
    expect(loaded.p99).toBeLessThan(12);
  });

  test("a steady stream of requests does not stop bulk data", () => {
    const loaded = new LoadedLink({ megabits: 20, roundTrip: 100, downloads: 1 });
    loaded.requests(7);
    loaded.use(5);
    for (let second = 5; second < 40; second += 5) {
      expect(loaded.use(5).down, `from second ${second}`).toBeGreaterThan(0.6);
    }
  });
});

describe("the link is used", () => {
  // The share after a warm-up, during which the congestion window finds its size.
  test.each([
    { megabits: 10, roundTrip: 20, downloads: 8, uploads: 0 },
    { megabits: 20, roundTrip: 20, downloads: 0, uploads: 1 },
    { megabits: 20, roundTrip: 200, downloads: 1, uploads: 0, warmUp: 4 },
    { megabits: 200, roundTrip: 100, downloads: 1, uploads: 0 },
    { megabits: 200, roundTrip: 100, downloads: 0, uploads: 1 },
    { megabits: 1_000, roundTrip: 0.1, downloads: 1, uploads: 0, warmUp: 0, seconds: 1 },
    { megabits: 1_000, roundTrip: 20, downloads: 1, uploads: 0 },
    { megabits: 1_000, roundTrip: 20, downloads: 0, uploads: 1 },
  ])("$megabits Mbit/s, $roundTrip ms: $downloads down, $uploads up", ({ warmUp = 2, seconds = 3, ...path }) => {
    const loaded = new LoadedLink(path);
    loaded.use(warmUp);
    const used = loaded.use(seconds);
    expect(path.uploads === 0 ? used.down : used.up).toBeGreaterThan(0.9);
  });

  test.each([
    { megabits: 50, roundTrip: 20, jitter: 5, share: 0.75 },
    { megabits: 200, roundTrip: 1, jitter: 1, share: 0.6 },
    { megabits: 200, roundTrip: 1, jitter: 3, share: 0.4 },
  ])("although packets are up to $jitter ms late: $megabits Mbit/s, $roundTrip ms", ({ share, ...path }) => {
    const loaded = new LoadedLink({ ...path, downloads: 1, uploads: 1 });
    loaded.use(2);
    const { up, down } = loaded.use(3);
    expect(Math.min(up, down)).toBeGreaterThan(share);
  });

  test.each([
    { megabits: 10, roundTrip: 5 },
    { megabits: 20, roundTrip: 60 },
    { megabits: 50, roundTrip: 20 },
  ])("in every second, also while the path is measured again: $megabits Mbit/s, $roundTrip ms", (path) => {
    const loaded = new LoadedLink({ ...path, downloads: 1 });
    loaded.use(3);
    for (let second = 3; second < 50; second++) expect(loaded.use(1).down, `second ${second}`).toBeGreaterThan(0.6);
  });

  test("again soon after the path becomes ten times as long, and after it becomes short again", () => {
    const loaded = new LoadedLink({ megabits: 20, roundTrip: 20, downloads: 1 });
    loaded.use(15);
    loaded.pair.link.delay = 100;
    loaded.use(15);
    expect(loaded.use(10).down).toBeGreaterThan(0.7);
    loaded.pair.link.delay = 10;
    loaded.use(2);
    for (let second = 2; second < 22; second += 2) expect(loaded.use(2).down, `second ${second}`).toBeGreaterThan(0.8);
  });

  test("in equal parts by streams that all have more to send", () => {
    const loaded = new LoadedLink({ megabits: 100, roundTrip: 20, downloads: 8 });
    loaded.use(1);
    const before = loaded.downloads.map(({ bytes }) => bytes);
    loaded.use(3);
    const shares = loaded.downloads.map(({ bytes }, index) => bytes - (before[index] as number));
    const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
    for (const share of shares) expect(Math.abs(share / mean - 1)).toBeLessThan(0.2);
  });
});
