import { describe, expect, test } from "vitest";
import { ERRORS } from "../errors.js";
import { CongestionWindow } from "./congestion-window.js";
import { Liveness } from "./liveness.js";
import { ScriptedPeer } from "./scripted-peer.suite.js";
import { Bulk, Received, SessionPair } from "./session-pair.suite.js";

const PING = { type: "PING", payload: "00".repeat(8) } as const;

/** Sends the PONG for the last PING. */
function respond(peer: ScriptedPeer): void {
  const { payload } = peer.sent("PING").at(-1) ?? PING;
  peer.sends({ type: "PONG", payload });
}

describe("acknowledgement", () => {
  test("ACK_NOW causes an ACK at the end of the turn, with the bytes received including headers", () => {
    const peer = new ScriptedPeer("client");
    peer.opens(1);
    expect(peer.frames).toEqual([]);
    peer.sends({ type: "DATA", stream: 1, data: "aabb" }, { type: "WINDOW", flags: 0x80, stream: 1, limit: 5 }, PING);
    expect(peer.sent("ACK")).toMatchObject([{ type: "ACK", stream: 0, received: 16 + 10 + 16 }]);
    expect(peer.messages).toBe(1);
  });

  test("without ACK_NOW, the ACK is sent once, with the next message", () => {
    const peer = new ScriptedPeer("client");
    peer.opens(1);
    peer.sends({ type: "DATA", stream: 1, data: "aabb" });
    expect(peer.messages).toBe(0);
    peer.sends(PING);
    peer.sends(PING);
    expect(peer.sent("ACK")).toMatchObject([{ type: "ACK", stream: 0, received: 16 + 10 }]);
  });

  test("a sender requests an ACK before the congestion window holds it back", () => {
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

  test("after all traffic has ended, both sides have counted every byte", () => {
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
  // Timers of one second fire a little late, never early.
  test.each([1_000, 1_001, 1_013, 1_050])(
    "a half-open link is detected after 20 to 30 seconds with a tick every %i ms",
    (interval) => {
      for (let phase = 0; phase < 10_000; phase += 499) {
        const pair = new SessionPair({ delay: 5 });
        pair.tick(interval);
        pair.clock.run(20_000 + phase);
        let lastArrival = 0;
        pair.link.client.onSend = () => {
          if (!pair.link.cut) lastArrival = pair.clock.now() + pair.link.delay;
        };
        pair.server.session.ping();
        pair.clock.run(10);
        pair.link.cut = true;
        const { record } = pair.server;
        pair.clock.runUntil(() => record.closed !== undefined, 60_000);
        expect(record.closed?.code).toBe("PN_HEARTBEAT_LOST");
        expect(pair.clock.now() - lastArrival, `phase ${phase}`).toBeGreaterThanOrEqual(20_000);
        expect(pair.clock.now() - lastArrival, `phase ${phase}`).toBeLessThanOrEqual(30_000);
      }
    },
  );

  /** A peer that sends a message every 900 ms, for two minutes or until the session ends. */
  function talk(interval: number, onTurn: (peer: ScriptedPeer) => void): ScriptedPeer {
    const peer = new ScriptedPeer("client");
    peer.clock.every(interval, () => peer.session.tick());
    for (let time = 0; time < 120_000 && peer.record.closed === undefined; time += 900) {
      peer.clock.run(900);
      peer.sends({ type: "CONTROL", text: '{"type":"unbind","tunnel":1}' });
      onTurn(peer);
    }
    return peer;
  }

  test("any byte shows that the peer is alive, provided that it sometimes responds", () => {
    let times = 0;
    expect(talk(1_000, (peer) => ++times % 18 === 0 && respond(peer)).record.closed).toBeUndefined();
  });

  // Timers of one second fire a little late, never early.
  test.each([1_000, 1_001, 1_013, 1_050])(
    "a peer that sends but does not receive is detected within 30 seconds with a tick every %i ms",
    (interval) => {
      let [answered, at] = [0, 0];
      const { record, clock } = talk(interval, (peer) => {
        const pings = peer.sent("PING").length;
        // The third PING is the last one that arrives.
        if (pings === answered || answered === 3) return;
        respond(peer);
        [answered, at] = [pings, peer.clock.now()];
      });
      expect(record.closed?.code).toBe("PN_HEARTBEAT_LOST");
      expect(clock.now() - at).toBeLessThanOrEqual(30_000);
    },
  );

  test("frames that this side sends do not count as a response", () => {
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

  test("progress of ACK counts as much as a PONG", () => {
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

  test("onPong reports heartbeats only, not the PINGs that measure the path", () => {
    const pair = new SessionPair({ delay: 20, rate: 50 });
    pair.client.record.accept = (stream) => void new Received(stream);
    pair.tick();
    new Bulk(pair.server.session.open(1));
    pair.clock.run(60_000);
    const pings = pair.server.record.roundTrips.length;
    expect(pings).toBeGreaterThanOrEqual(4);
    expect(pings).toBeLessThanOrEqual(7);
  });

  /** A peer that has been silent until just before the last tick allowed. */
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

  test("a process that was suspended reads waiting bytes before it ends the session", () => {
    const peer = almostLost();
    peer.clock.run(3_600_000);
    // After it wakes, timers fire first, then it reads, then the turn ends.
    peer.session.tick();
    respond(peer);
    expect(peer.record.closed).toBeUndefined();
    peer.clock.run(5_000);
    peer.session.tick();
    peer.clock.run(0);
    expect(peer.record.closed).toBeUndefined();
  });

  test("after a suspension without waiting bytes, the session ends", () => {
    const peer = almostLost();
    peer.clock.run(3_600_000);
    peer.session.tick();
    expect(peer.record.closed).toBeUndefined();
    peer.clock.run(1);
    expect(peer.record.closed?.code).toBe("PN_HEARTBEAT_LOST");
  });
});

describe("stall", () => {
  /** A session with bytes in flight to a peer that answers PINGs. */
  function waiting(): { peer: ScriptedPeer; seconds: (count: number) => void } {
    const peer = new ScriptedPeer("server");
    peer.session.open(1).write(Buffer.alloc(100));
    peer.clock.run(1);
    const seconds = (count: number): void => {
      for (let second = 0; second < count && peer.record.closed === undefined; second++) {
        peer.clock.run(1_000);
        peer.session.tick();
        peer.clock.run(0);
        respond(peer);
      }
    };
    return { peer, seconds };
  }

  test("bytes that are not acknowledged for 30 seconds end the session although the peer answers PINGs", () => {
    const { peer, seconds } = waiting();
    seconds(29);
    expect(peer.record.closed).toBeUndefined();
    seconds(2);
    expect(peer.record.closed?.code).toBe("PN_HEARTBEAT_LOST");
  });

  test("any progress resets the stall, and a session with nothing in flight does not stall", () => {
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

  test("an ACK that repeats the last one is not progress", () => {
    const { peer, seconds } = waiting();
    peer.sends({ type: "ACK", received: 20 });
    for (let second = 0; second < 40; second++) {
      if (peer.record.closed === undefined) peer.sends({ type: "ACK", received: 20 });
      seconds(1);
    }
    expect(peer.record.closed?.code).toBe("PN_HEARTBEAT_LOST");
  });

  test("a process that was suspended reads a waiting ACK before it ends the session", () => {
    const { peer, seconds } = waiting();
    seconds(5);
    peer.clock.run(3_600_000);
    peer.session.tick();
    peer.transport.handler.onMessage(Buffer.from("0500000c00000000" + "0000000000000014" + "00000000", "hex"), true);
    peer.clock.run(0);
    expect(peer.record.closed).toBeUndefined();
  });
});

describe("Liveness", () => {
  const LIMITS = { heartbeat: 10_000, stall: 30_000 };

  /** Calls `beat` every second from `from` to `to` while bytes arrive, and returns when the peer counts as lost. */
  function lostAt(liveness: Liveness, from: number, to: number): number | undefined {
    for (let now = from; now <= to; now += 1_000) {
      liveness.received();
      liveness.beat(now);
      if (liveness.isLost(now)) return now;
    }
    return undefined;
  }

  test("a peer without anything to answer or acknowledge is never lost while it sends", () => {
    expect(lostAt(new Liveness(LIMITS, new CongestionWindow(), 0, "client"), 0, 300_000)).toBeUndefined();
  });

  test("while a PING has no PONG, the peer is lost when its last response is 2.85 heartbeats old", () => {
    const liveness = new Liveness(LIMITS, new CongestionWindow(), 0, "client");
    liveness.ping(0, true);
    expect(lostAt(liveness, 0, 300_000)).toBe(29_000);
  });

  test("any PONG is a response, but only the latest PING has a round trip", () => {
    const liveness = new Liveness(LIMITS, new CongestionWindow(), 0, "client");
    const [first, second] = [liveness.ping(0, false), liveness.ping(1_000, false)];
    expect(liveness.pong(first, 2_000)).toBeUndefined();
    expect(liveness.pong(second, 3_000)).toEqual({ sentAt: 1_000, pathIdle: true, isHeartbeat: false });
    expect(liveness.pong(second, 4_000)).toBeUndefined();
    expect(lostAt(liveness, 4_000, 300_000)).toBeUndefined();
  });

  test("a PING that replaces an unanswered heartbeat counts as one", () => {
    const liveness = new Liveness(LIMITS, new CongestionWindow(), 0, "client");
    liveness.ping(0, true);
    expect(liveness.pong(liveness.ping(1_000, false), 2_000)).toMatchObject({ isHeartbeat: true });
  });

  test("short heartbeats still give a PING five seconds", () => {
    const liveness = new Liveness({ heartbeat: 1_000, stall: 30_000 }, new CongestionWindow(), 0, "client");
    liveness.ping(0, true);
    expect(lostAt(liveness, 0, 300_000)).toBe(5_000);
  });

  test("the peer is lost when bytes in flight make no progress within the stall limit", () => {
    const congestion = new CongestionWindow();
    congestion.sent = 100;
    congestion.leave(0, 0);
    expect(congestion.unacknowledgedFor(7_000)).toBe(7_000);
    expect(lostAt(new Liveness(LIMITS, congestion, 0, "client"), 0, 300_000)).toBe(31_000);
    congestion.acknowledge(100, 0, 8_000);
    expect(congestion.unacknowledgedFor(60_000)).toBe(0);
  });
});

test("PN_HEARTBEAT_LOST is retryable", () => {
  expect(ERRORS.PN_HEARTBEAT_LOST.retryable).toBe(true);
});
