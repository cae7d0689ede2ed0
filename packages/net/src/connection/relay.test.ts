import { memoryStreams, until, type MemoryStream } from "@postern/testkit";
import { expect, test } from "vitest";
import { relay, type Relay, type RelayOptions } from "./relay.js";
import { StreamConnection } from "./stream-connection.js";

/** Collects the bytes that arrive at one outer end. */
class End {
  text = "";
  events: string[] = [];
  takes = true;
  readonly stream: MemoryStream;

  constructor(stream: MemoryStream) {
    this.stream = stream;
    stream.handler = this;
  }
  onData(chunk: Buffer): void {
    this.text += chunk.toString("latin1");
    if (this.takes) this.stream.consumed(chunk.length);
  }
  onEnd(): void {
    this.events.push("end");
  }
  onReset(): void {
    this.events.push("reset");
  }
  onDrain(): void {}
}

interface Setup {
  /** The visitor's end of the connection, the service's end of the stream, and the relay's own end of the stream. */
  visitor: End;
  service: End;
  near: MemoryStream;
  running: Relay;
  done: () => number;
}

function start(options: Partial<RelayOptions> = {}): Setup {
  const [outer, connectionEnd] = memoryStreams();
  const [near, serviceEnd] = memoryStreams();
  let done = 0;
  const running = relay(new StreamConnection(connectionEnd), near, {
    onClose: "drop",
    onDone: () => done++,
    ...options,
  });
  return { visitor: new End(outer), service: new End(serviceEnd), near, running, done: () => done };
}

test("bytes pass both ways, and each end as an end", async () => {
  const { visitor, service, near, running, done } = start();
  visitor.stream.write(Buffer.from("hello"));
  service.stream.write(Buffer.from("welcome"));
  visitor.stream.end();
  await until("the service's end", () => service.events.length > 0);
  expect([service.text, service.events, done()]).toEqual(["hello", ["end"], 0]);
  service.stream.end();
  await until("the relay to finish", () => done() > 0);
  expect([visitor.text, visitor.events, done()]).toEqual(["welcome", ["end"], 1]);
  expect([running.fromConnection, running.fromStream]).toEqual([5, 7]);
  expect([near.received, near.credited]).toEqual([7, 7]);
});

test("a reset of the stream breaks the connection", async () => {
  const { visitor, service, near, done } = start();
  service.stream.write(Buffer.from("part"));
  await until("the first bytes", () => visitor.text === "part");
  service.stream.reset();
  await until("the relay to finish", () => done() > 0);
  await until("the visitor's end", () => visitor.events.length > 0);
  expect([visitor.events, near.credited]).toEqual([["reset"], 4]);
});

test("a connection that breaks resets the stream", async () => {
  const { visitor, service, done } = start();
  visitor.stream.reset();
  await until("the service's end", () => done() > 0 && service.events.length > 0);
  expect(service.events).toEqual(["reset"]);
});

test("with `flush`, all bytes of a broken connection arrive before the reset", async () => {
  const { visitor, service } = start({ onClose: "flush" });
  service.takes = false;
  const much = "x".repeat(100_000);
  visitor.stream.write(Buffer.from(much));
  await until("full windows", () => service.text.length === 64 * 1024);
  visitor.stream.reset();
  service.takes = true;
  service.stream.consumed(64 * 1024);
  await until("the service's end", () => service.events.length > 0);
  expect(service.events).toEqual(["reset"]);
  expect(service.text.length).toBeGreaterThan(64 * 1024);
});

test("a service that reads nothing pauses the visitor, and a visitor that reads nothing pauses the service", async () => {
  const { visitor, service, near, running } = start();
  visitor.takes = service.takes = false;
  visitor.stream.write(Buffer.alloc(1_000_000));
  service.stream.write(Buffer.alloc(1_000_000));
  await until("full windows", () => running.isBlocked && visitor.text.length === 64 * 1024);
  await new Promise((resolve) => setImmediate(resolve));
  expect(visitor.stream.unsent).toBeGreaterThan(700_000);
  expect(service.stream.unsent).toBeGreaterThan(700_000);
  expect(near.received - near.credited).toBeLessThanOrEqual(64 * 1024);
  visitor.takes = service.takes = true;
  visitor.stream.consumed(64 * 1024);
  service.stream.consumed(64 * 1024);
  await until("every byte", () => visitor.text.length === 1_000_000 && service.text.length === 1_000_000);
  expect([near.received, near.credited]).toEqual([1_000_000, 1_000_000]);
});

test("bytes that were written before the relay began are credited when they have been sent", async () => {
  const [, connectionEnd] = memoryStreams();
  const [near, serviceEnd] = memoryStreams();
  const connection = new StreamConnection(connectionEnd);
  near.handler = { onData: (chunk) => connection.write(chunk), onEnd() {}, onReset() {}, onDrain() {} };
  serviceEnd.write(Buffer.from("early"));
  await until("the bytes", () => near.received === 5);
  relay(connection, near, { uncredited: 5, onClose: "flush", onDone() {} });
  expect(near.credited).toBe(5);
});
