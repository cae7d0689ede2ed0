import { Cleanup, until } from "@postern/testkit";
import fc from "fast-check";
import { expect, test } from "vitest";
import { giveBack, lend } from "./buffer-pool.js";
import { SHARED_BUFFER } from "./read-buffers.js";
import { PAIRS, type Pair } from "./socket-pairs.suite.js";
import { readSocket, type SocketReader } from "./socket-reader.js";

test.each(PAIRS)(
  "a socket with %s that is read in any order of writes, pauses and changes of the reader gives every byte",
  async (_name, pair) => {
    await fc.assert(
      fc.asyncProperty(fc.array(STEP, { minLength: 5, maxLength: 30 }), fc.boolean(), async (steps, mayLend) => {
        const round = new Cleanup();
        try {
          const reading = new Reading(await pair(round.defer), mayLend);
          for (const step of steps) await reading.take(step);
          await reading.end();
        } finally {
          await round.run();
        }
      }),
      { numRuns: 40 },
    );
  },
);

/** What the receiver does in its next call: it pauses the reader or the stream, or it leaves the socket. */
type InCall = "pauseInCall" | "pauseStreamInCall" | "leaveInCall";
type Step = { kind: "write"; sizes: number[] } | { kind: InCall | "pause" | "resume" | "leave" | "return" | "turn" };

const STEP: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("write" as const),
      sizes: fc.array(
        fc.oneof(fc.integer({ min: 1, max: 100 }), fc.constant(5 * 16_384), fc.integer({ min: 1, max: 200_000 })),
        {
          minLength: 1,
          maxLength: 4,
        },
      ),
    }),
  },
  { weight: 3, arbitrary: fc.constant({ kind: "turn" as const }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        "pauseInCall" as const,
        "pauseStreamInCall" as const,
        "leaveInCall" as const,
        "pause" as const,
        "resume" as const,
        "leave" as const,
        "return" as const,
      ),
    }),
  },
);

/** The bytes that every test of this kind sends. */
const SENT: Buffer = Buffer.allocUnsafe(4 * 1024 * 1024);
for (let at = 0; at + 4 <= SENT.length; at += 4) SENT.writeUInt32LE(Math.imul(at, 0x9e3779b1) >>> 0, at);

/** Reads what its peer writes, and checks every byte and every pause. */
class Reading {
  readonly #pair: Pair;
  readonly #mayLend: boolean;
  #reader: SocketReader | undefined;
  #written = 0;
  /** The bytes passed on and not put back. */
  #at = 0;
  #isPaused = false;
  #inCall: InCall | undefined;
  #hasEnded = false;
  /** Memory on loan, and the position of its bytes. */
  readonly #loans: [chunk: Buffer<ArrayBufferLike>, at: number][] = [];

  constructor(pair: Pair, mayLend: boolean) {
    this.#pair = pair;
    this.#mayLend = mayLend;
    pair.near.on("end", () => (this.#hasEnded = true));
    this.#read();
  }

  async take(step: Step): Promise<void> {
    const { near, far } = this.#pair;
    if (step.kind === "write") {
      far.cork();
      for (const size of step.sizes) {
        const end = Math.min(SENT.length, this.#written + size);
        if (end > this.#written) far.write(SENT.subarray(this.#written, end));
        this.#written = end;
      }
      far.uncork();
    } else if (step.kind === "turn") {
      await new Promise((resolve) => setImmediate(resolve));
      this.#returnLoans();
    } else if (step.kind === "pause") {
      this.#isPaused = true;
      if (this.#reader === undefined) near.pause();
      else this.#reader.pause();
    } else if (step.kind === "resume") {
      this.#isPaused = false;
      if (this.#reader === undefined) near.resume();
      else this.#reader.resume();
    } else if (step.kind === "leave") this.#leave();
    else if (step.kind === "return") this.#return();
    else this.#inCall = step.kind;
  }

  /** Reads to the end. */
  async end(): Promise<void> {
    this.#inCall = undefined;
    this.#pair.far.end();
    await this.take({ kind: "resume" });
    await until("the end", () => this.#hasEnded);
    this.#returnLoans();
    expect(this.#at).toBe(this.#written);
  }

  #read(): void {
    this.#reader = readSocket(this.#pair.near, (chunk) => this.#onChunk(chunk), { mayLend: this.#mayLend });
  }

  readonly #onChunk = (chunk: Buffer): void => {
    expect(this.#isPaused, "bytes while paused").toBe(false);
    expect(chunk.equals(SENT.subarray(this.#at, this.#at + chunk.length)), `bytes at ${this.#at}`).toBe(true);
    const { buffer } = chunk;
    const isOwn = this.#mayLend && this.#reader !== undefined && buffer !== SHARED_BUFFER.buffer;
    if (isOwn && lend(buffer)) this.#loans.push([chunk, this.#at]);
    this.#at += chunk.length;
    const inCall = this.#inCall;
    this.#inCall = undefined;
    if (inCall === "pauseInCall") void this.take({ kind: "pause" });
    else if (inCall === "pauseStreamInCall") {
      this.#isPaused = true;
      this.#pair.near.pause();
    } else if (inCall === "leaveInCall") this.#leave(chunk.subarray(chunk.length >>> 1));
  };

  /** Leaves the socket to its stream, paused. */
  #leave(unread: Buffer = Buffer.alloc(0)): void {
    if (this.#reader === undefined) return;
    this.#reader.stop();
    this.#reader = undefined;
    this.#isPaused = true;
    this.#at -= unread.length;
    if (unread.length > 0) this.#pair.near.unshift(Buffer.from(unread));
    this.#pair.near.on("data", this.#onChunk);
  }

  #return(): void {
    if (this.#reader !== undefined) return;
    this.#pair.near.off("data", this.#onChunk);
    this.#read();
  }

  #returnLoans(): void {
    for (const [chunk, at] of this.#loans.splice(0)) {
      expect(chunk.equals(SENT.subarray(at, at + chunk.length)), `lent bytes at ${at}`).toBe(true);
      giveBack(chunk.buffer);
    }
  }
}
