import { describe, expect, test } from "vitest";
import { ScriptedPeer } from "./scripted-peer.suite.js";
import { Received, SessionPair } from "./session-pair.suite.js";

describe("a handler that throws ends its own session and nothing else", () => {
  const fail = (): never => {
    throw new Error("a bug in the handler");
  };
  const faults: Record<string, (pair: SessionPair) => void> = {
    onStream: ({ client, server }) => {
      client.record.accept = fail;
      server.session.open(1);
    },
    onControl: ({ client, server }) => {
      client.record.onControl = fail;
      server.session.control({ type: "unbind", tunnel: 1 });
    },
    onGoAway: ({ client, server }) => {
      client.record.onGoAway = fail;
      server.session.goAway("PN_DRAINING");
    },
    onPong: ({ client }) => {
      client.record.onPong = fail;
      client.session.ping();
    },
    onStreamsOver: ({ client, server }) => {
      client.record.onStreamsOver = fail;
      server.session.open(1).reset();
    },
    "a stream's onData": ({ client, server }) => {
      client.record.accept = (stream) => (new Received(stream).onBytes = fail);
      server.session.open(1).write(Buffer.from("x"));
    },
    "a stream's onEnd": ({ client, server }) => {
      client.record.accept = (stream) => (new Received(stream).onEnd = fail);
      server.session.open(1).end();
    },
    "a stream's onReset": ({ client, server }) => {
      client.record.accept = (stream) => (new Received(stream).onReset = fail);
      server.session.open(1).reset();
    },
    "a stream's onDrain": ({ client, server }) => {
      client.record.accept = (stream) => {
        new Received(stream).onDrain = fail;
        stream.write(Buffer.alloc(1_000_000));
      };
      new Received(server.session.open(1));
    },
    "a stream's onReset when the session drops": ({ client, server, link, clock }) => {
      client.record.accept = (stream) => (new Received(stream).onReset = fail);
      for (let opened = 0; opened < 3; opened++) server.session.open(1);
      clock.run(10);
      link.break();
    },
  };

  test.each(Object.keys(faults))("%s", (name) => {
    const pair = new SessionPair({ delay: 1 });
    faults[name]?.(pair);
    pair.clock.run(100);
    expect(pair.client.record.closed?.code).toBe(name.endsWith("drops") ? "PN_SESSION_LOST" : "PN_INTERNAL");
    expect(pair.client.session.streams).toBe(0);
    expect(pair.server.record.closed).toBeDefined();
  });
});

describe("a peer that sends but does not read", () => {
  const UNREAD = { rate: 1e-9, socketBuffer: 0 };

  test("does not get endless responses to an OPEN that is refused", () => {
    const peer = new ScriptedPeer("client", { streams: 0 }, UNREAD);
    let id = -1;
    for (let message = 0; message < 400 && peer.transport.closed === undefined; message++) {
      peer.sends(
        ...Array.from({ length: 1_000 }, () => ({ type: "OPEN", stream: (id += 2), tunnel: 1, window: 0 }) as const),
      );
    }
    expect(peer.transport.closed).toEqual({ code: 4002, reason: "PN_PROTOCOL" });
    expect(peer.transport.buffered).toBeLessThan(8 * 1024 * 1024);
    expect(peer.longest).toBeLessThan(1024 * 1024);
  });
});
