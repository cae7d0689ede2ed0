import type { ByteStream } from "@postern/net";
import { SYSTEM_CLOCK, type Clock } from "../deadlines/clock.js";
import { DeadlineQueue } from "../deadlines/deadline-queue.js";
import { ShapedStream } from "./shaped-stream.js";
import { Shaper } from "./shaper.js";

/** The bandwidth of one name, in each direction. */
export class Bandwidth {
  /** Destinations that use it. */
  users = 0;
  readonly #down: Shaper;
  readonly #up: Shaper;

  constructor(bytesPerSecond: number, deadlines: DeadlineQueue) {
    this.#down = new Shaper(bytesPerSecond, deadlines);
    this.#up = new Shaper(bytesPerSecond, deadlines);
  }

  /** A new stream that counts for the bandwidth. */
  shape(stream: ByteStream): ByteStream {
    return new ShapedStream(stream, this.#down, this.#up);
  }
}

/** Limits the bandwidth of each name. Everything that serves a name shares its bandwidth. */
export class Bandwidths {
  readonly #bytesPerSecond: number;
  readonly #deadlines: DeadlineQueue;
  readonly #byName = new Map<string, Bandwidth>();

  /** @param bytesPerSecond of each name, in each direction */
  constructor(bytesPerSecond: number, clock: Clock = SYSTEM_CLOCK) {
    this.#bytesPerSecond = bytesPerSecond;
    this.#deadlines = new DeadlineQueue(clock);
  }

  get size(): number {
    return this.#byName.size;
  }

  /** Call `release` as often. */
  use(name: string): Bandwidth {
    const bandwidth = this.#byName.get(name) ?? new Bandwidth(this.#bytesPerSecond, this.#deadlines);
    this.#byName.set(name, bandwidth);
    bandwidth.users++;
    return bandwidth;
  }

  release(name: string): void {
    const bandwidth = this.#byName.get(name);
    if (bandwidth !== undefined && --bandwidth.users === 0) this.#byName.delete(name);
  }

  /** Stops the timer. Nothing that waits gets a turn any more. */
  close(): void {
    this.#deadlines.close();
  }
}
