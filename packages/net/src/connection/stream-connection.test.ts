import { memoryStreams, until, type MemoryStream } from "@postern/testkit";
import { describe, expect, test } from "vitest";
import { describeConnection, Recorder, type ConnectionUnderTest, type Peer } from "./connection.suite.js";
import { StreamConnection } from "./stream-connection.js";

/** The far end of the stream, as a peer that returns credit unless it is stalled. */
class StreamPeer implements Peer {
  received = "";
  ended = false;
  broken = false;
  readonly #stream: MemoryStream;
  #isStalled = false;
  #owed = 0;

  constructor(stream: MemoryStream) {
    this.#stream = stream;
    stream.handler = this;
  }
  onData(chunk: Buffer): void {
    this.received += chunk.toString("latin1");
    this.#owed += chunk.length;
    if (!this.#isStalled) this.goOn();
  }
  onEnd(): void {
    this.ended = true;
  }
  onReset(): void {
    this.broken = true;
  }
  onDrain(): void {}
  send(text: string): void {
    this.#stream.write(Buffer.from(text, "latin1"));
  }
  end(): void {
    this.#stream.end();
  }
  reset(): void {
    this.#stream.reset();
  }
  stall(): void {
    this.#isStalled = true;
  }
  goOn(): void {
    this.#isStalled = false;
    const owed = this.#owed;
    this.#owed = 0;
    this.#stream.consumed(owed);
  }
}

function pair(): ConnectionUnderTest & { near: MemoryStream } {
  const [near, far] = memoryStreams();
  return { connection: new StreamConnection(near, "192.0.2.1"), peer: new StreamPeer(far), near };
}

describe("a connection on a stream", () => {
  describeConnection(() => Promise.resolve(pair()));

  test("holds no more than the window while it is paused, and returns credit for every byte", async () => {
    const { connection, peer, near } = pair();
    const events = new Recorder();
    connection.handler = events;
    connection.pause();
    peer.send("x".repeat(200_000));
    await until("the first bytes", () => near.received > 0);
    await new Promise((resolve) => setImmediate(resolve));
    expect([near.received, near.credited]).toEqual([64 * 1024, 0]);
    connection.resume();
    await until("every byte", () => events.data.length === 200_000);
    expect([near.received, near.credited]).toEqual([200_000, 200_000]);
  });

  test("returns credit for the bytes that it holds when it is closed", async () => {
    const { connection, peer, near } = pair();
    connection.pause();
    peer.send("held");
    await until("the bytes", () => near.received === 4);
    connection.destroy();
    expect(near.credited).toBe(4);
  });

  test("has no socket to detach", () => {
    expect(pair().connection.detach(Buffer.alloc(0))).toBeUndefined();
  });
});
