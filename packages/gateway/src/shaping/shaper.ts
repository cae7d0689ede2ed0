import { Linked, LinkedList } from "@postern/net";
import type { Deadline, DeadlineQueue } from "../deadlines/deadline-queue.js";

/** How many milliseconds of its rate a shaper that was idle lets pass at once. */
const BURST = 100;

/** A place in the queue of a shaper. */
export class Turn extends Linked<Turn> {
  isWaiting = false;
  readonly take: () => void;

  /** @param take called when it is its turn */
  constructor(take: () => void) {
    super();
    this.take = take;
  }
}

/**
 * Limits the bytes per second in one direction. Bytes are counted when they pass or are promised, so the count can be
 * overdrawn. While it is, everything else waits for its turn, one after the other.
 */
export class Shaper implements Deadline {
  dueAt = Infinity;
  position = -1;
  /** Bytes per millisecond. */
  readonly #rate: number;
  readonly #deadlines: DeadlineQueue;
  readonly #waiting = new LinkedList<Turn>();
  /** Bytes that may pass now; below 0, bytes that have passed too early. */
  #level: number;
  #countedAt: number;

  /** @param bytesPerSecond above 0 */
  constructor(bytesPerSecond: number, deadlines: DeadlineQueue) {
    this.#rate = bytesPerSecond / 1_000;
    this.#deadlines = deadlines;
    this.#level = this.#rate * BURST;
    this.#countedAt = deadlines.clock.now();
  }

  /** Whether bytes may pass without a turn. */
  get isOpen(): boolean {
    return this.#waiting.size === 0 && this.#count(this.#deadlines.clock.now()) > 0;
  }

  /** Bytes pass, or are promised. */
  spend(bytes: number): void {
    this.#level -= bytes;
  }

  /** Promised bytes will not come. */
  refund(bytes: number): void {
    if (bytes > 0) this.#level = Math.min(this.#level + bytes, this.#rate * BURST);
  }

  /** Puts `turn` at the end of the queue, unless it is in it. */
  wait(turn: Turn): void {
    if (turn.isWaiting) return;
    turn.isWaiting = true;
    this.#waiting.add(turn);
    this.#schedule(this.#deadlines.clock.now());
  }

  leave(turn: Turn): void {
    turn.isWaiting = false;
    this.#waiting.remove(turn);
  }

  onDue(now: number): void {
    this.#count(now);
    for (let turn = this.#waiting.oldest; turn !== undefined && this.#level > 0; turn = this.#waiting.oldest) {
      this.leave(turn);
      turn.take();
    }
    this.#schedule(now);
  }

  #count(now: number): number {
    this.#level = Math.min(this.#level + (now - this.#countedAt) * this.#rate, this.#rate * BURST);
    this.#countedAt = now;
    return this.#level;
  }

  #schedule(now: number): void {
    if (this.#waiting.size === 0) return;
    // One byte must be able to pass then.
    this.#deadlines.schedule(this, now + Math.max(0, 1 - this.#level) / this.#rate);
  }
}
