/**
 * A TCP relay that simulates a long link with a limited rate: every byte is queued at `bytesPerSecond`, then delayed by
 * `delayMs`. The bytes in transit are bounded by rate × delay + `queueBytes`; beyond that the relay stops reading. Each
 * target has a port, and each direction of a port is a link of its own. It reports { ports }.
 */
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { report, settings, split } from "./settings.ts";

const { targets, delayMs, bytesPerSecond, queueBytes } = settings<{
  targets: string[];
  delayMs: number;
  bytesPerSecond: number;
  queueBytes: number;
}>();

const CAPACITY = (bytesPerSecond * delayMs) / 1000 + queueBytes;

interface Parcel {
  chunk: Buffer | undefined;
  due: number;
}

/** One direction. All its connections share the rate. */
class Lane {
  #free = 0;

  /** The time at which `bytes` that arrive now reach the other end. */
  arrival(bytes: number): number {
    this.#free = Math.max(performance.now(), this.#free) + (bytes / bytesPerSecond) * 1000;
    return this.#free + delayMs;
  }
}

/** One direction of one connection. */
class Carrier {
  #from: Socket;
  #to: Socket;
  #lane: Lane;
  #parcels: Parcel[] = [];
  #bytes = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(from: Socket, to: Socket, lane: Lane) {
    this.#from = from;
    this.#to = to;
    this.#lane = lane;
    from.on("data", (chunk) => this.#take(chunk));
    from.on("end", () => this.#take(undefined));
    to.on("drain", () => this.#deliver());
    to.on("close", () => clearTimeout(this.#timer));
  }

  #take(chunk: Buffer | undefined): void {
    const bytes = chunk?.length ?? 0;
    this.#parcels.push({ chunk, due: this.#lane.arrival(bytes) });
    this.#bytes += bytes;
    if (this.#bytes >= CAPACITY) this.#from.pause();
    this.#schedule();
  }

  #schedule(): void {
    const first = this.#parcels[0];
    if (!first || this.#timer || this.#to.writableNeedDrain) return;
    this.#timer = setTimeout(() => this.#deliver(), Math.max(1, first.due - performance.now()));
  }

  #deliver(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const now = performance.now();
    while (this.#parcels.length > 0 && this.#parcels[0]!.due <= now && !this.#to.writableNeedDrain) {
      const { chunk } = this.#parcels.shift()!;
      if (chunk === undefined) {
        this.#to.end();
        continue;
      }
      this.#bytes -= chunk.length;
      this.#to.write(chunk);
    }
    if (this.#bytes < CAPACITY && this.#from.isPaused()) this.#from.resume();
    this.#schedule();
  }
}

function serve(target: string): Promise<number> {
  const there = new Lane();
  const back = new Lane();
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (near) => {
    const far = connect({ ...split(target), noDelay: true, allowHalfOpen: true });
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      one.on("error", () => other.destroy());
      one.on("close", (failed) => failed && other.destroy());
    }
    new Carrier(near, far, there);
    new Carrier(far, near, back);
  });
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });
}

report({ ports: await Promise.all(targets.map(serve)) });
