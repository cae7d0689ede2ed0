import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ScriptedPeer } from "./scripted-peer.suite.js";
import type { MultiplexedStream } from "./multiplexed-stream.js";
import { SessionPair } from "./session-pair.suite.js";
import { StreamTwins, type Behaviour } from "./stream-twin.suite.js";

/** A small session window, so that streams compete for it. */
const LIMITS = { sessionWindow: 1024 * 1024, streams: 12 };

const behaviour: fc.Arbitrary<Behaviour> = fc.record({
  eager: fc.boolean(),
  echo: fc.boolean(),
  endOnEnd: fc.boolean(),
  resetAfter: fc.oneof({ weight: 5, arbitrary: fc.constant(Infinity) }, fc.nat(300_000)),
  refill: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat(30_000)),
});

const size = fc.oneof(
  fc.integer({ min: 1, max: 300 }),
  fc.integer({ min: 1, max: 20_000 }),
  fc.integer({ min: 1, max: 300_000 }),
);
const end = fc.nat(1_000);
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ does: fc.constant("open" as const), behaviour }) },
  { weight: 8, arbitrary: fc.record({ does: fc.constant("write" as const), end, size }) },
  {
    weight: 6,
    arbitrary: fc.record({
      does: fc.constant("consume" as const),
      end,
      share: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ does: fc.constant("end" as const), end }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant("abort" as const), end }) },
  {
    weight: 8,
    arbitrary: fc.record({
      does: fc.constant("pass" as const),
      time: fc.oneof(fc.constant(0), fc.nat(5), fc.nat(100)),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ does: fc.constant("link" as const), delay: fc.nat(40) }),
  },
  { weight: 1, arbitrary: fc.constant({ does: "tick" as const }) },
);
const scenario = fc.record({
  link: fc.record({
    delay: fc.nat(20),
    rate: fc.integer({ min: 1_000, max: 100_000 }),
    socketBuffer: fc.constantFrom(0, 20_000, 4_000_000),
  }),
  accepting: fc.array(behaviour, { minLength: 1, maxLength: 4 }),
  steps: fc.array(step, { minLength: 1, maxLength: 60, size: "max" }),
});
type Scenario = typeof scenario extends fc.Arbitrary<infer Value> ? Value : never;

function play({ link, accepting, steps }: Scenario): StreamTwins {
  const pair = new SessionPair({ ...link, limits: LIMITS });
  let next = 0;
  const twins = new StreamTwins(pair, () => accepting[next++ % accepting.length] as Behaviour);
  for (const one of steps) {
    const chosen = "end" in one ? twins.ends[one.end % Math.max(twins.ends.length, 1)] : undefined;
    if (one.does === "open") twins.open(one.behaviour);
    else if (one.does === "pass") pair.clock.run(one.time);
    else if (one.does === "tick") [pair.server, pair.client].forEach(({ session }) => session.tick());
    else if (one.does === "link") pair.link.delay = one.delay;
    else if (one.does === "write") chosen?.write(one.size);
    else if (one.does === "consume") chosen?.consume(Math.floor(chosen.unread * one.share));
    else if (one.does === "end") chosen?.end();
    else chosen?.abort();
    twins.check();
  }
  return twins;
}

/** Every end reads, ends its stream, and waits. */
function settle(twins: StreamTwins): void {
  const { pair } = twins;
  pair.tick();
  // A link that became slow while bytes were in flight keeps the congestion window small for a while.
  for (let round = 0; round < 200 && pair.server.session.streams + pair.client.session.streams > 0; round++) {
    pair.clock.run(500);
    for (const one of twins.ends) {
      Object.assign(one.behaviour, { eager: true, echo: false, refill: 0, resetAfter: Infinity });
      one.consume(one.unread);
      one.end();
    }
    twins.check();
  }
  // Streams that were already closed still have unread bytes.
  for (const one of twins.ends) one.consume(one.unread);
  pair.clock.run(15_000);
}

/** The windows of streams opened until the limit: they show how much memory the pool has left. */
function windowsOf(session: SessionPair["server"]["session"]): number[] {
  const windows: number[] = [];
  while (session.available) windows.push((session.open(1) as MultiplexedStream).window.limit);
  return windows;
}

describe("two sessions, with a naive model of every stream", () => {
  test("ends that echo each other, or write after every drain, stop eventually", () => {
    const pair = new SessionPair({ delay: 2, rate: 70_000, socketBuffer: 0, limits: LIMITS });
    const reacting = (): Behaviour => ({
      eager: true,
      echo: true,
      endOnEnd: false,
      resetAfter: Infinity,
      refill: 30_000,
    });
    const twins = new StreamTwins(pair, reacting);
    twins.open(reacting())?.write(100_000);
    pair.clock.run(500);
    const sent = pair.server.session.counts;
    pair.clock.run(500);
    expect(pair.server.session.counts).toEqual(sent);
  });

  test("for any actions, either the bytes arrive complete and in order or the stream is reset, and all memory is returned", () => {
    const ended = { whole: 0, reset: 0 };
    fc.assert(
      fc.property(scenario, (steps) => {
        const twins = play(steps);
        settle(twins);
        const { pair } = twins;
        expect([pair.server.record.closed, pair.client.record.closed]).toEqual([undefined, undefined]);
        expect([pair.server.session.streams, pair.client.session.streams]).toEqual([0, 0]);
        expect(twins.accepted).toHaveLength(twins.opened.length);
        for (const one of twins.ends) {
          expect(one.stream.over).toBe(true);
          const whole = one.ended && one.out.length === 0 && one.peer?.ended === true;
          // A reset of one side reaches the other, unless that side had received everything.
          expect(whole || one.reset !== undefined || one.peer?.reset !== undefined).toBe(true);
          if (one.reset === undefined) expect(one.paused).toBe(false);
          if (whole) ended.whole++;
          else ended.reset++;
        }
        for (const [one, other] of [
          [pair.server, pair.client],
          [pair.client, pair.server],
        ] as const) {
          // prettier-ignore
          const { sent, acknowledged } = one.session.counts;
          expect(acknowledged, "every byte is acknowledged").toBe(sent);
          expect(other.session.counts.received, "every byte is counted").toBe(sent);
        }
        const fresh = new SessionPair({ limits: LIMITS });
        expect(windowsOf(pair.server.session), "all memory was returned").toEqual(windowsOf(fresh.server.session));
      }),
      { numRuns: 150 },
    );
    expect(Math.min(ended.whole, ended.reset)).toBeGreaterThan(20);
  });

  test("a drop at any moment ends every stream once, and the bytes that arrived are a prefix of those written", () => {
    fc.assert(
      fc.property(scenario, fc.boolean(), (steps, sudden) => {
        const twins = play(steps);
        const { pair } = twins;
        if (sudden) pair.link.break();
        else {
          pair.link.cut = true;
          pair.tick();
          pair.clock.run(40_000);
        }
        expect(pair.server.record.closed?.code).toBe(sudden ? "PN_SESSION_LOST" : "PN_HEARTBEAT_LOST");
        expect([pair.server.session.streams, pair.client.session.streams]).toEqual([0, 0]);
        for (const one of twins.ends) {
          expect(one.stream.over).toBe(true);
          if (one.reset === undefined) expect([one.ended, one.out.ended]).toEqual([true, true]);
          one.consume(one.unread);
          one.write(10);
          one.end();
          one.abort();
        }
        pair.clock.run(1_000);
        expect(pair.link.server.sentAfterClose + pair.link.client.sentAfterClose).toBe(0);
      }),
      { numRuns: 75 },
    );
  });
});

describe("a peer that sends arbitrary frames", () => {
  const hostile = fc.oneof(
    fc.record({
      type: fc.constant("OPEN" as const),
      stream: fc.integer({ min: 1, max: 9 }),
      tunnel: fc.nat(2),
      window: fc.nat(30_000),
    }),
    fc.record({
      type: fc.constant("DATA" as const),
      flags: fc.nat(255),
      stream: fc.integer({ min: 1, max: 9 }),
      data: fc.integer({ min: 1, max: 9_000 }).map((bytes) => "ab".repeat(bytes)),
    }),
    fc.record({ type: fc.constant("WINDOW" as const), stream: fc.integer({ min: 1, max: 9 }), limit: fc.maxSafeNat() }),
    fc.record({ type: fc.constant("FIN" as const), stream: fc.integer({ min: 1, max: 9 }), delivered: fc.nat(9) }),
    fc.record({
      type: fc.constant("RESET" as const),
      stream: fc.integer({ min: 1, max: 9 }),
      error: fc.nat(50),
      delivered: fc.nat(9),
    }),
    fc.record({ type: fc.constant("ACK" as const), received: fc.nat(200) }),
    fc.record({ type: fc.constantFrom("PING" as const, "PONG" as const), payload: fc.constant("00".repeat(8)) }),
  );

  test("ends the session exactly when it violates a rule of section 5", () => {
    let violations = 0;
    fc.assert(
      fc.property(fc.array(hostile, { maxLength: 40 }), (frames) => {
        const peer = new ScriptedPeer("client", LIMITS);
        peer.link.cut = true;
        // Section 5, implemented naively: bytes granted, bytes received, and finished streams.
        const streams = new Map<number, { received: number; finished: boolean }>();
        let highest = 0;
        for (const frame of frames) {
          let allowed = true;
          const state = "stream" in frame ? streams.get(frame.stream) : undefined;
          if (frame.type === "OPEN") {
            allowed = frame.stream % 2 === 1 && frame.stream > highest;
            highest = Math.max(highest, frame.stream);
            if (allowed) streams.set(frame.stream, { received: 0, finished: false });
          } else if (frame.type === "ACK") {
            allowed = frame.received === 0;
          } else if ("stream" in frame) {
            if (frame.stream % 2 === 0 || frame.stream > highest) allowed = false;
            else if (state !== undefined && frame.type === "DATA") {
              state.received += frame.data.length / 2;
              allowed = !state.finished && state.received <= 16 * 1024;
            } else if (state !== undefined && frame.type === "FIN") state.finished = true;
            else if (frame.type === "RESET") streams.delete(frame.stream);
          }
          peer.sends(frame);
          expect(peer.transport.closed === undefined, JSON.stringify(frame).slice(0, 100)).toBe(allowed);
          if (allowed) continue;
          violations++;
          return;
        }
      }),
      { numRuns: 300 },
    );
    expect(violations).toBeGreaterThan(20);
  });
});
