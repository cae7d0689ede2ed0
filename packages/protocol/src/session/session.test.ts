import { describe, expect, test } from "vitest";
import { ERRORS, TunnelError } from "../errors.js";
import { ScriptedPeer } from "./scripted-peer.suite.js";
import { Bulk, Received, SessionPair } from "./session-pair.suite.js";
import { streamReset } from "./stream-reset.js";

describe("opening streams", () => {
  test("the server's ids are odd, and OPEN is sent with the first bytes in one message", () => {
    const peer = new ScriptedPeer("server");
    for (const tunnel of [7, 8]) peer.session.open(tunnel).write(Buffer.from("hi"));
    peer.clock.run(1);
    expect(peer.messages).toBe(1);
    expect(peer.frames).toEqual([
      { type: "OPEN", flags: 0, stream: 1, tunnel: 7, window: 262_144 },
      { type: "DATA", flags: 0, stream: 1, data: "6869" },
      { type: "OPEN", flags: 0, stream: 3, tunnel: 8, window: 262_144 },
      { type: "DATA", flags: 0, stream: 3, data: "6869" },
    ]);
    expect(peer.session.streams).toBe(2);
  });

  test("a probe is distinguished from a visitor's request", () => {
    const { server, client, clock } = new SessionPair();
    server.session.open(1, true);
    server.session.open(1);
    clock.run(1);
    expect(client.record.probes).toEqual([true, false]);
  });

  test("a client's stream is refused in version 1, and the session continues", () => {
    const peer = new ScriptedPeer("server");
    peer.opens(2);
    peer.opens(4);
    expect(peer.sent("RESET")).toEqual([
      { type: "RESET", stream: 2, error: ERRORS.PN_UNSUPPORTED.number, delivered: 0 },
      { type: "RESET", stream: 4, error: ERRORS.PN_UNSUPPORTED.number, delivered: 0 },
    ]);
    expect(peer.session.streams).toBe(0);
    expect(peer.record.closed).toBeUndefined();
  });

  test("a stream beyond the limit is refused, and a stream that ends makes room for another one", () => {
    const peer = new ScriptedPeer("client", { streams: 2 });
    for (const id of [1, 3, 5]) peer.opens(id);
    expect(peer.sent("RESET")).toEqual([
      { type: "RESET", stream: 5, error: ERRORS.PN_STREAM_LIMIT.number, delivered: 0 },
    ]);
    peer.sends({ type: "RESET", stream: 3, error: 40, delivered: 0 });
    peer.opens(7);
    expect(peer.sent("RESET")).toHaveLength(1);
    expect(peer.record.streams.map(({ id }) => id)).toEqual([1, 3, 7]);
  });

  test("the opener does not exceed the limit", () => {
    const { server } = new SessionPair({ limits: { streams: 2 } });
    const stream = server.session.open(1);
    expect(server.session.available).toBe(true);
    server.session.open(1);
    expect(server.session.available).toBe(false);
    stream.reset();
    expect(server.session.available).toBe(true);
  });
});

describe("ending streams", () => {
  test("breakTunnels resets the streams of the given tunnels on both sides, and no others", () => {
    const { server, client, clock } = new SessionPair();
    const accepted: Received[] = [];
    client.record.accept = (stream) => accepted.push(new Received(stream));
    const opened = [7, 8, 7].map((tunnel) => new Received(server.session.open(tunnel)));
    clock.run(1);
    server.session.breakTunnels(new Set([7]), "PN_NAME_TAKEN_OVER");
    clock.run(1);
    for (const side of [opened, accepted])
      expect(side.map(({ reset }) => reset?.code)).toEqual(["PN_NAME_TAKEN_OVER", undefined, "PN_NAME_TAKEN_OVER"]);
    expect([server.session.streams, client.session.streams]).toEqual([1, 1]);
  });

  test("FIN follows data that waits for the window, and reports the bytes consumed", () => {
    const peer = new ScriptedPeer("client");
    peer.opens(1, 100);
    const [stream] = peer.record.streams;
    peer.sends({ type: "DATA", stream: 1, data: "aabbcc" });
    stream?.consumed(2);
    stream?.write(Buffer.alloc(150));
    stream?.end();
    peer.clock.run(1);
    expect(peer.typesOn(1)).toEqual(["DATA"]);
    peer.sends({ type: "WINDOW", stream: 1, limit: 1_000 });
    expect(peer.typesOn(1)).toEqual(["DATA", "DATA", "FIN"]);
    expect(peer.sent("FIN")).toEqual([{ type: "FIN", stream: 1, delivered: 2 }]);
  });

  test("half-close works in both directions, and afterwards neither side has a stream", () => {
    for (const first of ["server", "client"] as const) {
      const pair = new SessionPair({ delay: 5 });
      const opened = new Received(pair.server.session.open(1));
      pair.clock.run(10);
      const accepted = new Received(pair.client.record.streams[0]!);
      const [one, other] = first === "server" ? [opened, accepted] : [accepted, opened];
      one.stream.write(Buffer.from("question"));
      one.stream.end();
      pair.clock.run(10);
      expect([other.bytes, other.ended, other.stream.over]).toEqual([8, true, false]);
      other.stream.write(Buffer.alloc(100_000));
      other.stream.end();
      pair.clock.run(200);
      expect([one.bytes, one.ended, one.stream.over, other.stream.over]).toEqual([100_000, true, true, true]);
      expect([pair.server.session.streams, pair.client.session.streams]).toEqual([0, 0]);
      expect([pair.server.record.streamsOver, pair.client.record.streamsOver]).toEqual([1, 1]);
      expect([one.reset, other.reset]).toEqual([undefined, undefined]);
    }
  });

  test("RESET discards queued data, reports the bytes consumed, and gets no response", () => {
    const peer = new ScriptedPeer("client");
    peer.opens(1, 100);
    const [stream] = peer.record.streams;
    peer.sends({ type: "DATA", stream: 1, data: "aabbcc" });
    stream?.consumed(3);
    stream?.write(Buffer.alloc(150));
    stream?.reset("PN_LOCAL_RESET");
    stream?.reset("PN_CANCELLED");
    stream?.write(Buffer.alloc(10));
    stream?.end();
    peer.sends({ type: "WINDOW", stream: 1, limit: 1_000 });
    expect(peer.typesOn(1)).toEqual(["DATA", "RESET"]);
    expect(peer.sent("RESET")).toEqual([
      { type: "RESET", stream: 1, error: ERRORS.PN_LOCAL_RESET.number, delivered: 3 },
    ]);
    expect(peer.session.streams).toBe(0);
  });

  test("resetAfterFlush sends queued data first, and FIN if the stream had ended", () => {
    for (const ended of [false, true]) {
      const peer = new ScriptedPeer("client");
      peer.opens(1, 100);
      const [stream] = peer.record.streams;
      peer.sends({ type: "DATA", stream: 1, data: "aabbcc" });
      stream?.consumed(3);
      stream?.write(Buffer.alloc(150));
      if (ended) stream?.end();
      stream?.resetAfterFlush("PN_LOCAL_RESET");
      stream?.resetAfterFlush("PN_CANCELLED");
      stream?.write(Buffer.alloc(10));
      stream?.end();
      peer.clock.run(1);
      expect(peer.typesOn(1)).toEqual(["DATA"]);
      expect(stream?.over).toBe(false);
      peer.sends({ type: "WINDOW", stream: 1, limit: 1_000 });
      expect(peer.typesOn(1)).toEqual(["DATA", "DATA", ...(ended ? ["FIN"] : []), "RESET"]);
      expect(peer.sent("RESET")).toEqual([
        { type: "RESET", stream: 1, error: ERRORS.PN_LOCAL_RESET.number, delivered: 3 },
      ]);
      expect(peer.session.streams).toBe(0);
    }
  });

  test("resetAfterFlush sends no RESET on a stream that FIN closes in both directions", () => {
    const peer = new ScriptedPeer("client");
    peer.opens(1, 100);
    const [stream] = peer.record.streams;
    stream?.write(Buffer.alloc(150));
    stream?.end();
    peer.sends({ type: "FIN", stream: 1, delivered: 0 });
    stream?.resetAfterFlush("PN_LOCAL_RESET");
    peer.sends({ type: "WINDOW", stream: 1, limit: 1_000 });
    expect(peer.typesOn(1)).toEqual(["DATA", "DATA", "FIN"]);
    expect(stream?.over).toBe(true);
  });

  test("a RESET from the peer is reported with code and count; an unknown number is PN_INTERNAL", () => {
    const peer = new ScriptedPeer("client");
    for (const id of [1, 3]) peer.opens(id);
    const received = peer.record.streams.map((stream) => new Received(stream));
    peer.sends({ type: "RESET", stream: 1, error: ERRORS.PN_CANCELLED.number, delivered: 12 });
    peer.sends({ type: "RESET", stream: 3, error: 4_000_000_000, delivered: 0 });
    expect(received.map(({ reset }) => reset)).toEqual([
      streamReset("PN_CANCELLED", 12),
      streamReset("PN_INTERNAL", 0),
    ]);
    expect(peer.sent("RESET")).toEqual([]);
  });

  test("frames that crossed a RESET are ignored, but their bytes count for ACK", () => {
    const peer = new ScriptedPeer("client");
    peer.opens(1);
    peer.record.streams[0]?.reset();
    peer.sends({ type: "DATA", stream: 1, data: "aa", flags: 0x80 }, { type: "FIN", stream: 1, delivered: 0 });
    expect(peer.record.closed).toBeUndefined();
    expect(peer.sent("ACK").at(-1)).toMatchObject({ type: "ACK", stream: 0, received: 16 + 9 + 16 });
  });
});

describe("GOAWAY", () => {
  test("stops both sides from opening streams; open streams continue to their end", () => {
    const pair = new SessionPair({ delay: 5 });
    const before = new Received(pair.server.session.open(1));
    pair.clock.run(10);
    pair.client.session.goAway("PN_DRAINING", 1_500, "restart");
    pair.client.session.goAway("PN_DRAINING");
    const crossing = new Received(pair.server.session.open(1));
    expect(pair.client.session.available).toBe(false);
    pair.clock.run(20);
    expect(pair.server.record.goAways).toEqual([{ code: "PN_DRAINING", retryAfter: 1_500, reason: "restart" }]);
    expect(pair.server.session.available).toBe(false);
    expect(crossing.reset).toEqual(streamReset("PN_DRAINING", 0));
    const accepted = new Received(pair.client.record.streams[0]!);
    for (const { stream } of [before, accepted]) {
      stream.write(Buffer.from("bye"));
      stream.end();
    }
    pair.clock.run(20);
    expect([before.bytes, accepted.bytes, before.ended, accepted.ended]).toEqual([3, 3, true, true]);
    expect([pair.server.session.streams, pair.client.session.streams]).toEqual([0, 0]);
    expect(pair.client.record.streamsOver).toBe(1);
  });
});

describe("the end of a session", () => {
  test("a drop is reported to every stream, then to the session, once", () => {
    const pair = new SessionPair();
    const order: string[] = [];
    for (let opened = 0; opened < 3; opened++) {
      const stream = pair.server.session.open(1);
      stream.handler = {
        onData() {},
        onEnd() {},
        onDrain() {},
        onReset: (reason) => order.push(JSON.stringify(reason)),
      };
    }
    pair.server.record.onClose = (reason) => order.push(reason.code);
    pair.clock.run(1);
    pair.link.break();
    pair.link.break();
    const lost = JSON.stringify(streamReset("PN_SESSION_LOST", -1));
    expect(order).toEqual([lost, lost, lost, "PN_SESSION_LOST"]);
    expect(pair.client.record.closed?.code).toBe("PN_SESSION_LOST");
    expect([pair.server.session.streams, pair.client.session.streams]).toEqual([0, 0]);
    expect(pair.server.session.available).toBe(false);
  });

  test.each([
    [4005, "PN_AUTH_REFUSED"],
    [4002, "PN_PROTOCOL"],
    [4999, "PN_INTERNAL"],
    [4000, "PN_SESSION_LOST"],
    [1006, "PN_SESSION_LOST"],
    [1000, "PN_CLOSED"],
  ])("close code %i is reported as %s", (code, name) => {
    const { server, link } = new SessionPair();
    link.server.handler.onClose(code, "");
    expect(server.record.closed?.code).toBe(name);
  });

  test("close sends the frames of the turn and the close code, and nothing afterwards", () => {
    const pair = new SessionPair({ delay: 5 });
    const stream = pair.server.session.open(1);
    const other = new Received(pair.server.session.open(1));
    pair.clock.run(20);
    stream.write(Buffer.from("last words"));
    const accepted = new Received(pair.client.record.streams[0]!);
    pair.server.session.close(new TunnelError("PN_INTERNAL"));
    pair.server.session.close(new TunnelError("PN_AUTH_REFUSED"));
    expect(pair.link.server.closed).toEqual({ code: 4001, reason: "PN_INTERNAL" });
    expect(other.reset).toEqual(streamReset("PN_SESSION_LOST", -1));
    expect(pair.server.session.available).toBe(false);
    // The owner continues to write because it does not know yet that the session has ended.
    stream.write(Buffer.alloc(200_000));
    stream.end();
    pair.server.session.ping();
    pair.server.session.control({ type: "unbind", tunnel: 1 });
    pair.server.session.goAway("PN_DRAINING");
    pair.server.session.tick();
    pair.clock.run(100);
    expect(accepted.bytes).toBe(10);
    expect(pair.link.server.sentAfterClose).toBe(0);
    expect([pair.server.record.closed?.code, pair.client.record.closed?.code]).toEqual(["PN_INTERNAL", "PN_INTERNAL"]);
  });

  test("frames of a peer that violated the protocol are ignored, even if it never closes the connection", () => {
    const peer = new ScriptedPeer("client");
    peer.link.cut = true;
    peer.opens(1);
    const received = new Received(peer.record.streams[0]!);
    peer.sends({ type: "DATA", stream: 3, data: "aa" });
    expect(peer.transport.closed).toEqual({ code: 4002, reason: "PN_PROTOCOL" });
    const { length } = peer.frames;
    peer.sends({ type: "DATA", stream: 1, data: "aa" }, { type: "PING", payload: "00".repeat(8) });
    peer.opens(5);
    peer.sends({ type: "CONTROL", text: '{"type":"unbind","tunnel":1}' });
    peer.clock.run(1);
    expect(received.bytes).toBe(0);
    expect(peer.record.streams).toHaveLength(1);
    expect(peer.record.controls).toEqual([]);
    expect(peer.frames).toHaveLength(length);
  });

  test("an owner that closes in a callback gets no further callbacks for that message", () => {
    const peer = new ScriptedPeer("client");
    peer.link.cut = true;
    peer.opens(1);
    const received = new Received(peer.record.streams[0]!);
    peer.record.onControl = () => peer.session.close(new TunnelError("PN_CLOSED"));
    const { length } = peer.frames;
    peer.sends(
      { type: "PING", payload: "00".repeat(8) },
      { type: "CONTROL", text: '{"type":"unbind","tunnel":1}' },
      { type: "DATA", stream: 1, data: "aa" },
      { type: "OPEN", stream: 3, tunnel: 1, window: 10 },
      { type: "GOAWAY", error: 9, retry_after: 0, reason: "" },
    );
    expect(received).toMatchObject({ bytes: 0, reset: streamReset("PN_SESSION_LOST", -1) });
    expect(peer.record.streams).toHaveLength(1);
    expect(peer.record.goAways).toEqual([]);
    expect(peer.session.streams).toBe(0);
    expect(peer.frames.slice(length).map(({ type }) => type)).toEqual(["PONG", "ACK"]);
  });

  test("the heartbeat also ends a closing session that the peer keeps open", () => {
    const peer = new ScriptedPeer("client");
    peer.link.cut = true;
    peer.session.close(new TunnelError("PN_CLOSED"));
    peer.clock.every(1_000, () => peer.session.tick());
    peer.clock.run(40_000);
    expect(peer.record.closed?.code).toBe("PN_CLOSED");
  });
});

describe("control messages and PING", () => {
  test("an unknown type is answered with PN_CONTROL_UNKNOWN and has no other effect", () => {
    const peer = new ScriptedPeer("client");
    peer.sends({ type: "CONTROL", text: '{"type":"weather"}' });
    expect(peer.sent("CONTROL").map((frame) => JSON.parse(frame["text"] as string) as object)).toMatchObject([
      { type: "error", code: "PN_CONTROL_UNKNOWN", retryable: false },
    ]);
    expect(peer.record.controls).toEqual([]);
    expect(peer.record.closed).toBeUndefined();
  });

  test("PING is answered in the same turn, with its bytes", () => {
    const peer = new ScriptedPeer("client");
    peer.sends({ type: "PING", payload: "0123456789abcdef" });
    expect(peer.frames).toMatchObject([{ type: "PONG", stream: 0, payload: "0123456789abcdef" }]);
  });

  test("PONG reports the round trip; a PONG without a PING is ignored", () => {
    const pair = new SessionPair({ delay: 15 });
    pair.server.session.ping();
    pair.clock.run(100);
    expect(pair.server.record.roundTrips).toEqual([30]);
    const peer = new ScriptedPeer("client");
    peer.session.ping();
    peer.sends({ type: "PONG", payload: "00000000000000ff" });
    expect(peer.record.roundTrips).toEqual([]);
  });

  test("during bulk transfers they wait neither for windows nor for turns", () => {
    const pair = new SessionPair({ delay: 1 });
    pair.client.record.accept = (stream) =>
      void (stream.handler = { onData() {}, onEnd() {}, onReset() {}, onDrain() {} });
    for (let opened = 0; opened < 50; opened++) new Bulk(pair.server.session.open(1));
    pair.clock.run(100);
    pair.server.session.control({ type: "unbind", tunnel: 1 });
    pair.clock.run(1);
    expect(pair.client.record.controls).toHaveLength(1);
  });
});
