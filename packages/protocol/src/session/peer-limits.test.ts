import { describe, expect, test } from "vitest";
import { ERRORS } from "../errors.js";
import { Batch } from "../wire/batch.js";
import { taken, write, type WrittenFrame } from "../wire/frame-record.suite.js";
import { ScriptedPeer } from "./scripted-peer.suite.js";
import { Bulk, Received, SessionPair, SessionRecord } from "./session-pair.suite.js";
import { Session } from "./session.js";
import { SimulatedLink, VirtualClock, type LinkEnd } from "./simulated-link.suite.js";

type Frame = Parameters<ScriptedPeer["sends"]>[0];

const PING: Frame = { type: "PING", payload: "00".repeat(8) };
const PONG: Frame = { type: "PONG", payload: "00".repeat(8) };
const ACK: Frame = { type: "ACK", received: 0 };
const UNBIND: Frame = { type: "CONTROL", text: '{"type":"unbind","tunnel":1}' };
const REQUESTS: Frame = { type: "CONTROL", text: '{"type":"requests","tunnel":1,"records":[],"omitted":1}' };

function many(count: number, frame: Frame): Frame[] {
  return Array.from({ length: count }, () => frame);
}

function message(frames: Frame[]): Buffer {
  const batch = new Batch();
  for (const frame of frames) write(batch, { flags: 0, stream: 0, clock: 0, ...frame } as WrittenFrame);
  return taken(batch);
}

describe("the work of one turn", () => {
  /** Sessions of role client, whose turns the test ends. */
  class Turns {
    readonly #link = new SimulatedLink(new VirtualClock());
    #tasks: (() => void)[] = [];
    readonly #schedule = (task: () => void): void => void this.#tasks.push(task);
    readonly budget = Session.budget(this.#schedule);

    session(): { session: Session; record: SessionRecord; transport: LinkEnd } {
      const record = new SessionRecord();
      const transport = new SimulatedLink(this.#link.clock).client;
      const { now } = this.#link.clock;
      const session = new Session({ role: "client", transport, now, schedule: this.#schedule }, record);
      return { session, record, transport };
    }

    end(): void {
      const due = this.#tasks;
      this.#tasks = [];
      for (const task of due) task();
    }
  }

  test("is at most 64 control messages; the others are read in later turns, in order", () => {
    const turns = new Turns();
    const { record, transport } = turns.session();
    const numbered = Array.from({ length: 200 }, (_, tunnel): Frame => {
      return { type: "CONTROL", text: `{"type":"unbind","tunnel":${tunnel}}` };
    });
    transport.deliver(message(numbered), true);
    const counts = [record.controls.length];
    for (let turn = 0; turn < 4; turn++) {
      turns.end();
      counts.push(record.controls.length);
    }
    expect(counts).toEqual([64, 128, 192, 200, 200]);
    expect(record.controls.map((control) => control.type === "unbind" && control.tunnel)).toEqual(
      Array.from({ length: 200 }, (_, tunnel) => tunnel),
    );
    expect(record.closed).toBeUndefined();
  });

  test("is at most 512 frames, however few bytes they have", () => {
    const turns = new Turns();
    const { record, transport } = turns.session();
    let frames = 0;
    record.accept = (stream) => (new Received(stream).onBytes = () => frames++);
    const open: Frame = { type: "OPEN", stream: 1, tunnel: 7, window: 0 };
    const pieces: Frame[] = Array.from({ length: 5_000 }, () => ({ type: "DATA", stream: 1, data: "78" }));
    transport.deliver(message([open, ...pieces]), true);
    let turnsTaken = 0;
    for (let before = 0; frames < 5_000; turnsTaken++) {
      expect(frames - before).toBeLessThanOrEqual(512);
      before = frames;
      turns.end();
    }
    expect(turnsTaken).toBe(Math.floor(5_000 / 511));
    expect(transport.closed).toBeUndefined();
  });

  test("is shared by sessions with the same budget, which take turns", () => {
    const turns = new Turns();
    const sessions = Array.from({ length: 4 }, () => turns.session());
    for (const { session, transport } of sessions) {
      session.budget = turns.budget;
      transport.deliver(message(many(150, UNBIND)), true);
    }
    const counts = (): number[] => sessions.map(({ record }) => record.controls.length);
    let [before] = [0];
    for (let turn = 0; turn < 10; turn++) {
      const sum = counts().reduce((total, count) => total + count, 0);
      expect(sum - before).toBeLessThanOrEqual(64);
      before = sum;
      if (turn === 4) expect(Math.min(...counts())).toBeGreaterThan(50);
      turns.end();
    }
    expect(counts()).toEqual([150, 150, 150, 150]);
  });

  test("of a session that has ended does not matter: what still arrives is dropped", () => {
    const turns = new Turns();
    const { record, transport } = turns.session();
    transport.deliver(message(many(300, UNBIND)), true);
    for (let turn = 0; turn < 10; turn++) turns.end();
    expect(transport.closed?.reason).toBe("PN_CONTROL_RATE");
    transport.deliver(message(many(5_000, UNBIND)), true);
    expect(record.controls.length).toBe(256);
    expect(transport.handler.isBusy).toBe(false);
  });

  test("with 1,024 streams in both directions at full speed, nothing is refused", () => {
    const { server, client, clock } = new SessionPair({ delay: 5, rate: 100_000 });
    client.record.accept = (stream) => new Bulk(stream);
    const streams = Array.from({ length: 1_024 }, () => new Bulk(server.session.open(7)));
    clock.run(3_000);
    expect([server.record.closed, client.record.closed]).toEqual([undefined, undefined]);
    expect(Math.min(...streams.map(({ bytes }) => bytes))).toBeGreaterThan(16 * 1024);
  });
});

describe("the rate of control messages", () => {
  const counted: Record<string, () => Frame> = {
    "control messages": () => UNBIND,
    "unknown control messages": () => ({ type: "CONTROL", text: '{"type":"x"}' }),
    PINGs: () => PING,
    GOAWAYs: () => ({ type: "GOAWAY", error: 9, retry_after: 0, reason: "" }),
  };
  test.each(Object.keys(counted))("allows 256 %s at once, and ends the session with the next one", (name) => {
    const peer = new ScriptedPeer("server");
    const frame = (counted[name] as () => Frame)();
    peer.sends(...many(256, frame));
    expect(peer.transport.closed).toBeUndefined();
    peer.sends(frame);
    expect(peer.transport.closed).toEqual({ code: 4000 + ERRORS.PN_CONTROL_RATE.number, reason: "PN_CONTROL_RATE" });
  });

  test("counts streams that a client tries to open", () => {
    const peer = new ScriptedPeer("server");
    for (let id = 2; id <= 2 * 257; id += 2) peer.sends({ type: "OPEN", stream: id, tunnel: 1, window: 0 });
    expect(peer.sent("RESET")).toHaveLength(256);
    expect(peer.transport.closed?.reason).toBe("PN_CONTROL_RATE");
  });

  test("counts pings of the transport", () => {
    const peer = new ScriptedPeer("client");
    for (let ping = 0; ping < 256; ping++) peer.transport.handler.onControlFrame();
    expect(peer.transport.closed).toBeUndefined();
    peer.transport.handler.onControlFrame();
    expect(peer.transport.closed?.reason).toBe("PN_CONTROL_RATE");
  });

  test("allows 50 a second for ever", () => {
    const peer = new ScriptedPeer("server");
    peer.sends(...many(256, PING));
    for (let second = 0; second < 100; second++) {
      peer.clock.run(1_000);
      peer.sends(...many(50, PING));
    }
    expect(peer.transport.closed).toBeUndefined();
    peer.clock.run(1_000);
    peer.sends(...many(51, PING));
    expect(peer.transport.closed?.reason).toBe("PN_CONTROL_RATE");
  });

  test("does not count what requests and their data cause", () => {
    const peer = new ScriptedPeer("client");
    peer.opens(1);
    peer.sends(...many(5_000, REQUESTS));
    peer.sends(...many(5_000, ACK));
    peer.sends(...many(5_000, PONG));
    peer.sends(...many(5_000, { type: "WINDOW", stream: 1, limit: 300_000 }));
    peer.sends(...many(5_000, { type: "DATA", stream: 1, data: "78" }));
    for (let id = 3; id < 5_000; id += 2) peer.sends({ type: "OPEN", stream: id, tunnel: 7, window: 0 });
    for (let id = 3; id < 5_000; id += 2) peer.sends({ type: "RESET", stream: id, error: 40, delivered: 0 });
    expect(peer.transport.closed).toBeUndefined();
  });
});

test("a PING is not sent while a recent one is unanswered, so that many tunnels of one session cause one", () => {
  const { server, client, clock } = new SessionPair({ delay: 20 });
  for (let tunnel = 0; tunnel < 64; tunnel++) server.session.ping();
  clock.run(60);
  expect(server.record.roundTrips).toEqual([40]);
  server.session.ping();
  clock.run(60);
  expect([server.record.roundTrips, client.record.closed]).toEqual([[40, 40], undefined]);
});

test("a session knows the bytes that it holds: those that nobody has consumed, and those that wait to be sent", () => {
  const peer = new ScriptedPeer("client");
  let held = 0;
  peer.record.accept = (stream) => {
    stream.handler = { onData: ({ length }) => (held += length), onEnd() {}, onReset() {}, onDrain() {} };
  };
  peer.opens(1, 10);
  peer.sends({ type: "DATA", stream: 1, data: "78".repeat(1_000) });
  const stream = peer.record.streams[0]!;
  stream.write(Buffer.alloc(500));
  peer.clock.run(0);
  expect([held, peer.session.held]).toEqual([1_000, 1_490]);
  stream.consumed(400);
  expect(peer.session.held).toBe(1_090);
  // Bytes of a stream that is over still occupy their memory.
  peer.sends({ type: "RESET", stream: 1, error: 40, delivered: 0 });
  expect([peer.session.streams, peer.session.held]).toEqual([0, 600]);
  stream.consumed(600);
  expect(peer.session.held).toBe(0);
});

test("bytes that a service writes one by one are queued in blocks", () => {
  const peer = new ScriptedPeer("client");
  peer.opens(1, 0);
  const stream = peer.record.streams[0]!;
  const { queue } = stream.sendSide;
  for (let number = 0; number < 100_000; number++) stream.write(Buffer.from([number % 251]));
  const blocks = new Set<ArrayBufferLike>();
  const bytes: Buffer[] = [];
  queue.take(queue.length, (block, start, end) => {
    blocks.add(block.buffer);
    bytes.push(Buffer.from(block.subarray(start, end)));
  });
  const written = Buffer.from(Array.from({ length: 100_000 }, (_, number) => number % 251));
  expect(Buffer.concat(bytes).equals(written)).toBe(true);
  expect(blocks.size).toBeLessThan(50);
});
