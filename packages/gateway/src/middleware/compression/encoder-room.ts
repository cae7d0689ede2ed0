import { Lane, Lanes } from "../../threads/lanes.js";
import type { CodingName } from "./coding.js";
import { TurnBudget } from "./turn-budget.js";

export const COMPRESSION_LIMITS = {
  /** Bytes of a body of known length that is sent with its new length: it is held until all of it has arrived. */
  held: 16 * 1024,
  /**
   * Bytes of a complete body that is compressed at once, without a thread: about half a millisecond of work. A thread
   * costs 0.2 ms more.
   */
  atOnce: { zstd: 64 * 1024, br: 16 * 1024, gzip: 32 * 1024 } satisfies Record<CodingName, number>,
  /**
   * The same of all bodies in one turn of the event loop, in bytes of gzip: more would keep other visitors waiting. The
   * next turns do the rest, and threads do what would take more than twelve turns.
   */
  perTurn: 128 * 1024,
  /** Bytes of a body that is compressed as a whole, on a thread: it needs no memory of its own for long. */
  whole: 64 * 1024,
  /** Bytes of a body that may wait for a thread before its target has to wait. */
  waiting: 256 * 1024,
  /** Memory of the encoders of all bodies that are streams. */
  memory: 128 * 1024 * 1024,
  /** Encoders that work at the same time. Node.js has four threads, which files and name resolution need as well. */
  threads: 2,
} as const;

/** What the encoders of a visitor use. */
class VisitorUse {
  /** Its turns on the threads. */
  readonly lane: Lane;
  memory = 0;
  bodies = 0;

  constructor(lanes: Lanes) {
    this.lane = new Lane(lanes);
  }
}

/** A body that is being compressed. */
export interface EncoderPlace {
  readonly lane: Lane;
  readonly atOnce: TurnBudget;
  /** Gives back its memory. Can be called twice. */
  leave(): void;
}

/**
 * Memory and threads of encoders. Each visitor has its own turns on the threads, and gets at most half of the memory
 * that the other visitors leave: one that reads many responses slowly cannot take it all.
 */
export class EncoderRoom {
  /** Bytes that are compressed without a thread. */
  readonly atOnce = new TurnBudget(COMPRESSION_LIMITS.perTurn);
  readonly #memory: number;
  readonly #lanes: Lanes;
  readonly #visitors = new Map<string, VisitorUse>();
  #used = 0;

  constructor({ memory, threads }: { memory: number; threads: number } = COMPRESSION_LIMITS) {
    this.#memory = memory;
    this.#lanes = new Lanes(threads);
  }

  /** Bytes in use. */
  get used(): number {
    return this.#used;
  }

  /** Visitors with bodies. */
  get visitors(): number {
    return this.#visitors.size;
  }

  /**
   * A body of a visitor begins.
   * @param visitor as `visitorKey` returns it
   * @param bytes of memory that it needs; 0: hardly any
   * @returns undefined if there is no room
   */
  enter(visitor: string, bytes: number): EncoderPlace | undefined {
    const use = this.#visitors.get(visitor) ?? new VisitorUse(this.#lanes);
    const others = this.#used - use.memory;
    if (bytes > 0 && 2 * (use.memory + bytes) > this.#memory - others) return undefined;
    this.#visitors.set(visitor, use);
    use.bodies++;
    use.memory += bytes;
    this.#used += bytes;
    let isLeft = false;
    const leave = (): void => {
      if (isLeft) return;
      isLeft = true;
      use.memory -= bytes;
      this.#used -= bytes;
      if (--use.bodies === 0) this.#visitors.delete(visitor);
    };
    return { lane: use.lane, atOnce: this.atOnce, leave };
  }
}

/** All gateways of the process share it. */
export const ENCODER_ROOM = new EncoderRoom();
