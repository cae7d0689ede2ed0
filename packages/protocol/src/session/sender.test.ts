import { describe, expect, test } from "vitest";
import { NO_SESSION, type Transport } from "../transport.js";
import type { ControlMessage } from "../wire/control.js";
import { Received, SessionPair, SessionRecord } from "./session-pair.suite.js";
import { Session } from "./session.js";
import { megabits } from "./simulated-link.suite.js";
import type { Stream } from "./stream.js";

const CHUNK = Buffer.alloc(64 * 1024, "b");

/** A fast path, on which the congestion window is the smallest limit. */
const LOCAL = { rate: megabits(8_000), delay: 0.1, limits: { initialWindow: 4 * 1024 * 1024 } };

/** Writes a chunk in each turn, like a socket that is read, until the stream asks it to wait. */
class Source extends Received {
  readonly #pair: SessionPair;
  constructor(pair: SessionPair, stream: Stream) {
    super(stream);
    this.#pair = pair;
    this.onDrain();
  }
  override onDrain(): void {
    this.#pair.clock.turn(() => {
      if (this.stream.write(CHUNK)) this.onDrain();
    });
  }
}

/** A bulk transfer from the client, after the windows have grown. */
function transfer(): { pair: SessionPair; bulk: Source; received: Received } {
  const pair = new SessionPair(LOCAL);
  const accepted: Source[] = [];
  pair.client.record.accept = (stream) => void accepted.push(new Source(pair, stream));
  for (const { session } of [pair.server, pair.client]) session.ping();
  pair.clock.run(1);
  const received = new Received(pair.server.session.open(1));
  pair.clock.run(300);
  return { pair, bulk: accepted[0] as Source, received };
}

describe("bulk data on one machine", () => {
  test("travels in messages that contain whole reads", () => {
    const { pair } = transfer();
    const lengths: number[] = [];
    pair.link.client.onSend = ({ length }) => length > 1_000 && lengths.push(length);
    pair.clock.run(100);
    expect(lengths.length).toBeGreaterThan(20);
    expect(lengths.reduce((sum, length) => sum + length, 0) / lengths.length).toBeGreaterThan(64_000);
  });

  test("waits in the socket of its source while the congestion window is full, and not in a queue", () => {
    const { pair, bulk, received } = transfer();
    let queued = 0;
    pair.clock.every(0.1, () => void (bulk.stream.unsent > 0 && queued++));
    const before = received.bytes;
    pair.clock.run(100);
    expect(received.bytes - before).toBeGreaterThan(0.85 * 100 * LOCAL.rate);
    expect(queued).toBeLessThan(50);
  });

  test("of a stream that ends while its writer waits is followed by FIN", () => {
    const { pair, bulk, received } = transfer();
    bulk.onDrain = () => {};
    bulk.stream.end();
    pair.clock.run(10);
    expect([received.ended, bulk.stream.unsent]).toEqual([true, 0]);
  });
});

/** A transport whose kernel takes nothing until `drain`. */
class FullSocket implements Transport {
  handler = NO_SESSION;
  buffered = 0;
  /** The memory of each message. */
  readonly memories: ArrayBufferLike[] = [];
  send({ buffer, length }: Buffer): boolean {
    this.memories.push(buffer);
    this.buffered += length;
    return false;
  }
  drain(): void {
    this.buffered = 0;
    this.handler.onDrain();
  }
  close(): void {}
  terminate(): void {}
  resume(): void {}
}

test.each([20_000, 60_000, 120_000])(
  "the memory of a message of %i bytes is used again once the socket has sent it",
  (bytes) => {
    const socket = new FullSocket();
    const turns: (() => void)[] = [];
    const schedule = (task: () => void): void => void turns.push(task);
    const session = new Session({ role: "client", transport: socket, now: () => 0, schedule }, new SessionRecord());
    const endTurn = (): void => turns.splice(0).forEach((task) => task());
    const message = {
      type: "hello",
      auth: { method: "token", token: "x".repeat(bytes / 10) },
    } as unknown as ControlMessage;
    const send = (): void => {
      for (let part = 0; part < 10; part++) session.control(message);
      endTurn();
    };
    send();
    send();
    const [first, second] = socket.memories;
    expect(second).not.toBe(first);
    socket.drain();
    send();
    send();
    expect(new Set(socket.memories)).toEqual(new Set([first, second]));
  },
);
