import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import fc from "fast-check";
import { until } from "@postern/testkit";
import { describe, expect, onTestFinished, test } from "vitest";
import type { ByteStreamHandler, ResetReason } from "./byte-stream.js";
import { release } from "../socket/buffer-pool.js";
import { READ_BUFFERS } from "../socket/read-buffers.js";
import { SocketStream, type CheckForTls, type DialOutcome } from "./socket-stream.js";

const SOCKET_OPTIONS = { allowHalfOpen: true, highWaterMark: 4 * 1024 };

/** Records what a stream reports, and returns credit for it unless `isSlow`. */
class Recorder implements ByteStreamHandler {
  text = "";
  uncredited = 0;
  events: string[] = [];
  isSlow = false;
  readonly #stream: SocketStream;

  constructor(stream: SocketStream) {
    this.#stream = stream;
  }
  onData(chunk: Buffer): void {
    this.text += chunk.toString("latin1");
    if (this.isSlow) this.uncredited += chunk.length;
    else this.#stream.consumed(chunk.length);
  }
  onEnd(): void {
    this.events.push("end");
  }
  onReset({ cause, delivered }: ResetReason): void {
    this.events.push(`${cause} ${delivered}`);
  }
  onDrain(): void {
    this.events.push("drain");
  }
  read(): void {
    this.isSlow = false;
    const { uncredited } = this;
    this.uncredited = 0;
    this.#stream.consumed(uncredited);
  }
}

interface Dialled {
  stream: SocketStream;
  events: Recorder;
  /** The result of the dial; `connect` passes it a connected socket. */
  outcome: DialOutcome;
  aborted: () => boolean;
  connect: () => Promise<Socket>;
}

/** A stream whose dial is in progress. `connect` connects it and returns the peer's socket. */
function dialled(checkForTls?: CheckForTls): Dialled {
  let outcome!: DialOutcome;
  let aborted = false;
  const stream = new SocketStream((given) => {
    outcome = given;
    return () => (aborted = true);
  }, checkForTls);
  const events = new Recorder(stream);
  stream.handler = events;
  const connectIt = async (): Promise<Socket> => {
    const listener = createServer(SOCKET_OPTIONS).listen(0, "127.0.0.1");
    await once(listener, "listening");
    const { port } = listener.address() as AddressInfo;
    const socket = connect({ port, host: "127.0.0.1", ...SOCKET_OPTIONS });
    const [peer] = (await once(listener, "connection")) as [Socket];
    await until("the connection", () => !socket.connecting);
    peer.on("error", () => {});
    onTestFinished(() => {
      peer.destroy();
      socket.destroy();
      listener.close();
    });
    outcome.connected(socket);
    return peer;
  };
  return { stream, events, outcome, aborted: () => aborted, connect: connectIt };
}

/** Collects what a peer receives. */
function received(peer: Socket): { text: string; isEnded: boolean } {
  const result = { text: "", isEnded: false };
  peer.on("data", (chunk: Buffer) => (result.text += chunk.toString("latin1")));
  peer.on("end", () => (result.isEnded = true));
  return result;
}

describe("while it is being dialled", () => {
  test("what is written and an end are held, and arrive when it is connected", async () => {
    const { stream, events, connect: connectIt } = dialled();
    const chunk = Buffer.from("one ");
    expect([stream.write(chunk), stream.write(Buffer.from("two")), stream.unsent]).toEqual([false, false, 7]);
    chunk.fill("x");
    stream.end();
    const peer = await connectIt();
    const got = received(peer);
    await until("the end", () => got.isEnded);
    expect([got.text, events.events]).toEqual(["one two", ["drain"]]);
  });

  test("a failure is reported once, with the proof that nothing was delivered", () => {
    const { stream, events, outcome } = dialled();
    stream.write(Buffer.from("x"));
    outcome.failed("refused");
    outcome.failed("timeout");
    stream.reset();
    expect([events.events, stream.unsent]).toEqual([["refused 0"], 0]);
  });

  test.each(["reset", "resetAfterFlush"] as const)("%s aborts the dial, or what it results in", async (how) => {
    const { stream, events, connect: connectIt, aborted } = dialled();
    stream.write(Buffer.from("x"));
    stream[how]();
    expect(aborted()).toBe(how === "reset");
    const peer = await connectIt();
    const got = received(peer);
    await until("the end", () => peer.destroyed || got.isEnded);
    expect([got.text, events.events]).toEqual([how === "reset" ? "" : "x", []]);
  });
});

describe("an open stream", () => {
  test("reads no more than its window until the reader returns credit", async () => {
    const { events, connect: connectIt } = dialled();
    events.isSlow = true;
    const peer = await connectIt();
    peer.write(Buffer.alloc(16 * 1024 * 1024, "x"));
    await until("the window to be full", () => events.uncredited >= 64 * 1024);
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    expect(events.uncredited).toBeLessThanOrEqual(128 * 1024);
    events.read();
    await until("the rest", () => events.text.length === 16 * 1024 * 1024);
  });

  test("asks its writer to wait while the peer reads nothing", async () => {
    const { stream, events, connect: connectIt } = dialled();
    const peer = await connectIt();
    let written = 0;
    const piece = Buffer.alloc(256 * 1024, "x");
    do written += piece.length;
    while (stream.write(piece));
    expect(stream.unsent).toBeLessThanOrEqual(2 * piece.length);
    expect(events.events).toEqual([]);
    const got = received(peer);
    await until("room", () => events.events.length > 0);
    await until("every byte", () => got.text.length === written);
    expect([events.events, stream.unsent]).toEqual([["drain"], 0]);
  });

  test("that the peer resets has delivered an unknown number of bytes", async () => {
    const { stream, events, connect: connectIt } = dialled();
    const peer = await connectIt();
    stream.write(Buffer.from("x"));
    peer.resetAndDestroy();
    await until("the reset", () => events.events.length > 0);
    stream.write(Buffer.from("more"));
    stream.end();
    expect(events.events).toEqual(["broken -1"]);
  });

  test("closes without a further event after both ends", async () => {
    const { stream, events, connect: connectIt } = dialled();
    const peer = await connectIt();
    const got = received(peer);
    peer.end("bye");
    await until("the peer's end", () => events.events.length > 0);
    stream.write(Buffer.from("last words"));
    stream.end();
    await until("the end", () => got.isEnded);
    await until("the close", () => peer.destroyed);
    expect([events.text, got.text, events.events]).toEqual(["bye", "last words", ["end"]]);
  });

  test("is reset so that its peer sees it, and reports nothing more", async () => {
    const { stream, events, connect: connectIt } = dialled();
    const peer = await connectIt();
    const failed = once(peer, "error");
    stream.reset();
    stream.reset();
    expect(await failed).toMatchObject([{ code: "ECONNRESET" }]);
    expect(events.events).toEqual([]);
  });

  test("is closed after everything has been sent, whatever the peer sends meanwhile", async () => {
    const { stream, events, connect: connectIt } = dialled();
    const peer = await connectIt();
    let written = 0;
    const piece = Buffer.alloc(256 * 1024, "x");
    do written += piece.length;
    while (stream.write(piece));
    stream.resetAfterFlush();
    stream.resetAfterFlush();
    peer.write(Buffer.alloc(200 * 1024));
    const got = received(peer);
    await until("every byte", () => got.text.length === written);
    await until("the end", () => got.isEnded);
    expect(events.events).toEqual([]);
  });
});

describe("a plain stream whose peer ends it without a byte", () => {
  test.each([
    ["expects TLS", true, ["scheme -1"]],
    ["does not", false, ["end"]],
  ] as const)("waits for the check whether the peer expects TLS: it %s", async (_, expectsTls, events) => {
    let report!: (expectsTls: boolean) => void;
    const { events: seen, connect: connectIt } = dialled((given) => (report = given));
    const peer = await connectIt();
    peer.end();
    await until("the check", () => report !== undefined);
    expect(seen.events).toEqual([]);
    report(expectsTls);
    expect(seen.events).toEqual(events);
  });

  test("is not checked after a byte, or a reset of its own", async () => {
    const unchecked = (): void => expect.unreachable();
    const answered = dialled(unchecked);
    (await answered.connect()).end("x");
    await until("the end", () => answered.events.events.includes("end"));
    const left = dialled(unchecked);
    const peer = await left.connect();
    left.stream.reset();
    await until("the close", () => peer.destroyed);
    expect(left.events.events).toEqual([]);
  });
});

/** What both ends do, in turns. */
type Step = { write: number } | { peerWrites: number } | { pause: true } | { read: true } | { peerPauses: boolean };

test("passes the same bytes as a plain socket, however both ends write, pause and end", async () => {
  const step = fc.oneof(
    fc.record({ write: fc.integer({ min: 1, max: 200_000 }) }),
    fc.record({ peerWrites: fc.integer({ min: 1, max: 200_000 }) }),
    fc.constant({ pause: true as const }),
    fc.constant({ read: true as const }),
    fc.record({ peerPauses: fc.boolean() }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), fc.nat(25), async (steps: Step[], connectAt) => {
      const { stream, events, connect: connectIt } = dialled();
      let sent = "";
      let peerSent = "";
      let peer: Socket | undefined;
      let got: { text: string; isEnded: boolean } | undefined;
      const fill = (chunk: Buffer, from: number): string => {
        for (let n = 0; n < chunk.length; n++) chunk[n] = (from + n * 7 + (n >> 8)) & 0xff;
        return chunk.toString("latin1");
      };
      const connectNow = async (): Promise<void> => {
        peer = await connectIt();
        got = received(peer);
      };
      for (const [number, each] of steps.entries()) {
        if (number === connectAt) await connectNow();
        if ("write" in each) {
          // The next write gets the same memory unless it is on loan.
          const buffer = READ_BUFFERS.take();
          const chunk = buffer.subarray(0, each.write);
          sent += fill(chunk, sent.length);
          stream.write(chunk);
          release(buffer.buffer);
        } else if ("pause" in each) events.isSlow = true;
        else if ("read" in each) events.read();
        else if (peer === undefined) continue;
        else if ("peerWrites" in each) {
          const chunk = Buffer.alloc(each.peerWrites);
          peerSent += fill(chunk, peerSent.length);
          peer.write(chunk);
        } else if (each.peerPauses) peer.pause();
        else peer.resume();
        if (number % 3 === 0) await new Promise(setImmediate);
      }
      if (peer === undefined) await connectNow();
      stream.end();
      peer?.resume();
      peer?.end();
      events.read();
      await until("the peer's end", () => got?.isEnded === true);
      await until("the end", () => events.events.includes("end"));
      expect(patternOf(got?.text ?? "")).toBe(patternOf(sent));
      expect(patternOf(events.text)).toBe(patternOf(peerSent));
      expect(events.events.filter((event) => event !== "drain")).toEqual(["end"]);
      expect(stream.unsent).toBe(0);
    }),
    { numRuns: 60 },
  );
});

/** Length and hash, which a failure shows better than megabytes. */
function patternOf(text: string): string {
  return `${text.length} ${hashOf(text)}`;
}

function hashOf(text: string): number {
  let hash = 0;
  for (let n = 0; n < text.length; n++) hash = (hash * 31 + text.charCodeAt(n)) | 0;
  return hash;
}
