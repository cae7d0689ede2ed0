import { describe, expect, test } from "vitest";
import { ScriptedPeer } from "./scripted-peer.suite.js";
import { SessionPair } from "./session-pair.suite.js";

const PING = { type: "PING", payload: "00".repeat(8) } as const;

/** Timers of one second fire a little late, never early. */
const TICKS = [1_000, 1_001, 1_013, 1_050];

/** Sends the PONG for the last PING. */
function respond(peer: ScriptedPeer): void {
  const { payload } = peer.sent("PING").at(-1) ?? PING;
  peer.sends({ type: "PONG", payload });
}

/** The types of the frames that the session sends in response to a PING. */
function responseTypes(peer: ScriptedPeer): string[] {
  const [frames, messages] = [peer.frames.length, peer.messages];
  peer.sends(PING);
  expect(peer.messages - messages).toBe(1);
  return peer.frames.slice(frames).map(({ type }) => type);
}

describe("an idle session", () => {
  test.each(TICKS)("sends PING in both directions every 10 seconds, with a tick every %i ms", (interval) => {
    const pair = new SessionPair({ delay: 20 });
    pair.tick(interval);
    pair.clock.run(600_000);
    for (const { record } of [pair.server, pair.client]) {
      expect(record.closed).toBeUndefined();
      expect(record.roundTrips.length).toBeGreaterThanOrEqual(54);
      expect(record.roundTrips.every((roundTrip) => roundTrip === 40)).toBe(true);
    }
  });

  test.each([0, 300, 999])("needs three messages for the two PINGs, with ticks that are %i ms apart", (apart) => {
    const pair = new SessionPair({ delay: 20 });
    let messages = 0;
    for (const end of [pair.link.server, pair.link.client]) end.onSend = () => messages++;
    pair.clock.every(1_001, () => pair.client.session.tick());
    pair.clock.run(apart);
    pair.clock.every(1_001, () => pair.server.session.tick());
    pair.clock.run(600_000);
    const pings = pair.client.record.roundTrips.length + pair.server.record.roundTrips.length;
    expect(messages).toBeLessThanOrEqual(1.5 * pings + 4);
  });
});

describe.each([
  ["server", 10_500],
  ["client", 10_000],
] as const)("the heartbeat of a %s", (role, due) => {
  test("is sent with a PONG when it is due within two seconds, and not earlier", () => {
    const peer = new ScriptedPeer(role);
    peer.clock.run(due - 2_010);
    expect(responseTypes(peer)).toEqual(["PONG"]);
    peer.clock.run(20);
    expect(responseTypes(peer)).toEqual(["PONG", "PING"]);
    expect(responseTypes(peer)).toEqual(["PONG"]);
  });

  test("is sent without a PONG when the peer sends no PING", () => {
    const peer = new ScriptedPeer(role);
    peer.clock.every(1_000, () => peer.session.tick());
    peer.clock.run(9_000);
    responseTypes(peer);
    respond(peer);
    peer.clock.run(due - 1_500);
    expect(peer.sent("PING")).toHaveLength(1);
    peer.clock.run(2_500);
    expect(peer.sent("PING")).toHaveLength(2);
  });

  test("is not sent more often to a peer that sends PINGs as fast as it may", () => {
    const peer = new ScriptedPeer(role);
    peer.clock.every(1_000, () => peer.session.tick());
    for (let sent = 0; sent < 3_000; sent++) {
      peer.clock.run(20);
      peer.sends(PING);
      respond(peer);
    }
    expect(peer.record.closed).toBeUndefined();
    expect(peer.sent("PING").length).toBeLessThanOrEqual(8);
  });

  test.each(TICKS)(
    "detects a peer that sends PINGs but no PONGs within 30 seconds, with a tick every %i ms",
    (interval) => {
      for (let phase = 0; phase < 10_000; phase += 499) {
        const peer = new ScriptedPeer(role);
        peer.clock.every(interval, () => peer.session.tick());
        peer.clock.run(phase);
        let answeredAt = 0;
        for (let second = 0; second < 90 && peer.record.closed === undefined; second++) {
          if (second % 10 === 0) peer.sends(PING);
          if (second % 10 === 0 && second <= 30) {
            respond(peer);
            answeredAt = peer.clock.now();
          }
          peer.clock.run(1_000);
        }
        expect(peer.record.closed?.code).toBe("PN_HEARTBEAT_LOST");
        expect(peer.clock.now() - answeredAt, `phase ${phase}`).toBeLessThanOrEqual(30_000);
      }
    },
  );

  test("continues beside a peer that sends its own at other times", () => {
    const peer = new ScriptedPeer(role);
    peer.clock.every(1_000, () => peer.session.tick());
    peer.clock.run(5_000);
    for (let time = 0; time < 600_000; time += 10_000) {
      peer.sends(PING);
      peer.clock.run(5_900);
      respond(peer);
      peer.clock.run(4_100);
    }
    expect(peer.record.closed).toBeUndefined();
    expect(peer.sent("PING").length).toBeGreaterThanOrEqual(54);
  });
});
