import { describe, expect, test } from "vitest";
import { ERRORS } from "../errors.js";
import { ScriptedPeer } from "./scripted-peer.suite.js";
import { Bulk, Received, SessionPair } from "./session-pair.suite.js";

const PING = { type: "PING", payload: "00".repeat(8) } as const;

/** Answers the last PING. */
function answer(peer: ScriptedPeer): void {
  const { payload } = peer.sent("PING").at(-1) ?? PING;
  peer.sends({ type: "PONG", payload });
}

describe("acknowledgement", () => {
  test("ACK_NOW is answered at the end of the turn with the bytes received, headers included", () => {
    const peer = new ScriptedPeer("client");
    peer.opens(1);
    expect(peer.frames).toEqual([]);
    peer.sends({ type: "DATA", stream: 1, data: "aabb" }, { type: "WINDOW", flags: 0x80, stream: 1, limit: 5 }, PING);
    expect(peer.sent("ACK")).toMatchObject([{ type: "ACK", stream: 0, received: 16 + 10 + 16 }]);
    expect(peer.messages).toBe(1);
  });

  test("without it, ACK goes along with whatever leaves next, once", () => {
    const peer = new ScriptedPeer("client");
    peer.opens(1);
    peer.sends({ type: "DATA", stream: 1, data: "aabb" });
    expect(peer.messages).toBe(0);
    peer.sends(PING);
    peer.sends(PING);
    expect(peer.sent("ACK")).toMatchObject([{ type: "ACK", stream: 0, received: 16 + 10 }]);
  });

  test("a sender asks for it before what is in flight holds it up", () => {
    const peer = new ScriptedPeer("server");
    const stream = peer.session.open(1);
    peer.sends({ type: "WINDOW", stream: 1, limit: 10_000_000 });
    stream.write(Buffer.alloc(1_000_000));
    peer.clock.run(1);
    expect(peer.sent("DATA").some(({ flags }) => (flags as number) & 0x80)).toBe(true);
  });

  test.each([
    ["above what was sent", [25]],
    ["below an earlier one", [20, 19]],
  ])("%s ends the session", (_name, counts) => {
    const peer = new ScriptedPeer("server");
    peer.session.open(1).write(Buffer.alloc(1));
    peer.clock.run(1);
    expect(peer.session.counts.sent).toBe(16 + 9);
    for (const received of counts) {
      expect(peer.record.closed).toBeUndefined();
      peer.sends({ type: "ACK", received: received + (counts.length === 1 ? 1 : 0) });
    }
    expect(peer.record.closed?.code).toBe("PN_PROTOCOL");
  });

  test("once all is quiet, both sides agree on every byte", () => {
    const pair = new SessionPair({ delay: 3 });
    pair.tick();
    pair.client.record.accept = (stream) => {
      const received = new Received(stream);
      received.onEnd = () => {
        stream.write(Buffer.alloc(5_000));
        stream.end();
      };
    };
    for (let opened = 0; opened < 20; opened++) {
      const { stream } = new Received(pair.server.session.open(1));
      stream.write(Buffer.alloc(40_000));
      stream.end();
    }
    pair.clock.run(25_000);
    for (const [one, other] of [
      [pair.server, pair.client],
      [pair.client, pair.server],
    ] as const) {
      // prettier-ignore
      expect(one.session.streams).toBe(0);
      expect(one.session.counts.sent).toBeGreaterThan(100_000);
      expect(one.session.counts.acknowledged).toBe(one.session.counts.sent);
      expect(other.session.counts.received).toBe(one.session.counts.sent);
    }
  });
});

describe("heartbeat", () => {
  test("an idle session lives, and PINGs once in 10 seconds", () => {
    const pair = new SessionPair({ delay: 20 });
    pair.tick();
    pair.clock.run(600_000);
    expect([pair.server.record.closed, pair.client.record.closed]).toEqual([undefined, undefined]);
    for (const { record } of [pair.server, pair.client]) {
      expect(record.roundTrips.length).toBeGreaterThanOrEqual(59);
      expect(record.roundTrips.every((roundTrip) => roundTrip === 40)).toBe(true);
    }
  });

  // A timer of a second comes a little late each time, never early.
  test.each([1_000, 1_001, 1_013, 1_050])(
    "a half-open link is noticed within 20 to 30 seconds, looking every %i ms",
    (interval) => {
      for (let phase = 0; phase < 10_000; phase += 499) {
        const pair = new SessionPair({ delay: 5 });
        pair.tick(interval);
        pair.clock.run(20_000 + phase);
        let heard = 0;
        pair.link.client.onSend = () => {
          if (!pair.link.cut) heard = pair.clock.now() + pair.link.delay;
        };
        pair.server.session.ping();
        pair.clock.run(10);
        pair.link.cut = true;
        const { record } = pair.server;
        pair.clock.runUntil(() => record.closed !== undefined, 60_000);
        expect(record.closed?.code).toBe("PN_HEARTBEAT_LOST");
        expect(pair.clock.now() - heard, `phase ${phase}`).toBeGreaterThanOrEqual(20_000);
        expect(pair.clock.now() - heard, `phase ${phase}`).toBeLessThanOrEqual(30_000);
      }
    },
  );

  /** A peer that says something every 900 ms, for two minutes if it is still heard. */
  function talk(interval: number, say: (peer: ScriptedPeer) => void): ScriptedPeer {
    const peer = new ScriptedPeer("client");
    peer.clock.every(interval, () => peer.session.tick());
    for (let time = 0; time < 120_000 && peer.record.closed === undefined; time += 900) {
      peer.clock.run(900);
      peer.sends({ type: "CONTROL", text: '{"type":"unbind","tunnel":1}' });
      say(peer);
    }
    return peer;
  }

  test("any byte is a sign of life, as long as the peer answers now and then", () => {
    let times = 0;
    expect(talk(1_000, (peer) => ++times % 18 === 0 && answer(peer)).record.closed).toBeUndefined();
  });

  // A timer of a second comes a little late each time, never early.
  test.each([1_000, 1_001, 1_013, 1_050])(
    "a peer that is heard and does not hear us is noticed within 30 seconds, looking every %i ms",
    (interval) => {
      let [answered, at] = [0, 0];
      const { record, clock } = talk(interval, (peer) => {
        const pings = peer.sent("PING").length;
        // The third is the last that gets through.
        if (pings === answered || answered === 3) return;
        answer(peer);
        [answered, at] = [pings, peer.clock.now()];
      });
      expect(record.closed?.code).toBe("PN_HEARTBEAT_LOST");
      expect(clock.now() - at).toBeLessThanOrEqual(30_000);
    },
  );

  test("what we say ourselves proves nothing", () => {
    const peer = new ScriptedPeer("server");
    for (let time = 0; time < 120_000 && peer.record.closed === undefined; time += 1_000) {
      peer.clock.run(1_000);
      peer.session.tick();
      peer.sends({ type: "CONTROL", text: '{"type":"unbind","tunnel":1}' });
      if (time === 20_000) peer.session.open(1).reset("PN_CANCELLED");
    }
    expect(peer.record.closed?.code).toBe("PN_HEARTBEAT_LOST");
    expect(peer.clock.now() - new ScriptedPeer("server").clock.now()).toBeLessThanOrEqual(30_000);
  });

  test("an acknowledgement proves as much as the answer to a PING", () => {
    const peer = new ScriptedPeer("server");
    const stream = peer.session.open(1);
    for (let second = 0; second < 120; second++) {
      stream.write(Buffer.alloc(10));
      peer.clock.run(1_000);
      peer.session.tick();
      peer.sends({ type: "ACK", received: peer.session.counts.sent });
    }
    expect(peer.record.closed).toBeUndefined();
  });

  test("only heartbeats are told, not what measures the path", () => {
    const pair = new SessionPair({ delay: 20, rate: 50 });
    pair.client.record.accept = (stream) => void new Received(stream);
    pair.tick();
    new Bulk(pair.server.session.open(1));
    pair.clock.run(60_000);
    const pings = pair.server.record.roundTrips.length;
    expect(pings).toBeGreaterThanOrEqual(4);
    expect(pings).toBeLessThanOrEqual(7);
  });

  /** A peer that was silent for so long that one more look at the clock is too many. */
  function almostLost(): ScriptedPeer {
    const peer = new ScriptedPeer("client");
    peer.sends(PING);
    for (let second = 0; second < 15; second++) {
      peer.clock.run(1_000);
      peer.session.tick();
    }
    expect(peer.record.closed).toBeUndefined();
    return peer;
  }

  test("a process that was suspended reads what waits before it gives anybody up", () => {
    const peer = almostLost();
    peer.clock.run(3_600_000);
    // It wakes: its timers are due first, then it reads, then the turn ends.
    peer.session.tick();
    answer(peer);
    expect(peer.record.closed).toBeUndefined();
    peer.clock.run(5_000);
    peer.session.tick();
    peer.clock.run(0);
    expect(peer.record.closed).toBeUndefined();
  });

  test("and gives up a peer of whom nothing waits", () => {
    const peer = almostLost();
    peer.clock.run(3_600_000);
    peer.session.tick();
    expect(peer.record.closed).toBeUndefined();
    peer.clock.run(1);
    expect(peer.record.closed?.code).toBe("PN_HEARTBEAT_LOST");
  });
});

describe("stall", () => {
  /** A session with bytes in flight to a peer that answers PINGs and so is alive. */
  function waiting(): { peer: ScriptedPeer; seconds: (count: number) => void } {
    const peer = new ScriptedPeer("server");
    peer.session.open(1).write(Buffer.alloc(100));
    peer.clock.run(1);
    const seconds = (count: number): void => {
      for (let second = 0; second < count && peer.record.closed === undefined; second++) {
        peer.clock.run(1_000);
        peer.session.tick();
        peer.clock.run(0);
        answer(peer);
      }
    };
    return { peer, seconds };
  }

  test("bytes that are not acknowledged for 30 seconds end the session, however alive the peer seems", () => {
    const { peer, seconds } = waiting();
    seconds(29);
    expect(peer.record.closed).toBeUndefined();
    seconds(2);
    expect(peer.record.closed?.code).toBe("PN_HEARTBEAT_LOST");
  });

  test("any progress counts, and nothing in flight is no stall", () => {
    const { peer, seconds } = waiting();
    for (const received of [20, 40, 60]) {
      seconds(25);
      peer.sends({ type: "ACK", received });
    }
    seconds(25);
    peer.sends({ type: "ACK", received: peer.session.counts.sent });
    seconds(300);
    expect(peer.record.closed).toBeUndefined();
  });

  test("an ACK that repeats the last is no progress", () => {
    const { peer, seconds } = waiting();
    peer.sends({ type: "ACK", received: 20 });
    for (let second = 0; second < 40; second++) {
      if (peer.record.closed === undefined) peer.sends({ type: "ACK", received: 20 });
      seconds(1);
    }
    expect(peer.record.closed?.code).toBe("PN_HEARTBEAT_LOST");
  });

  test("a process that was suspended reads a waiting ACK before it gives the peer up", () => {
    const { peer, seconds } = waiting();
    seconds(5);
    peer.clock.run(3_600_000);
    peer.session.tick();
    peer.transport.handler.onMessage(Buffer.from("0500000c00000000" + "0000000000000014" + "00000000", "hex"), true);
    peer.clock.run(0);
    expect(peer.record.closed).toBeUndefined();
  });
});

test("the end by heartbeat is one to try again after", () => {
  expect(ERRORS.PN_HEARTBEAT_LOST.retryable).toBe(true);
});
