import type { Clock } from "./clock.js";

/** Something that happens at a certain time unless it is moved or cancelled. It is in at most one queue. */
export interface Deadline {
  /** When `onDue` is called. Only the queue writes it. Infinity while the deadline is not in the queue. */
  dueAt: number;
  /** The position in the queue. Only the queue writes it. -1 while the deadline is not in the queue. */
  position: number;
  /** The deadline has left the queue. `now` is the time of the queue's clock, in milliseconds. */
  onDue(now: number): void;
}

/** Deadlines nearer than LONG are kept to FINE milliseconds, others to COARSE: then many of them share one wake-up. */
const LONG = 10_000;
const FINE = 10;
const COARSE = 1_000;
/** Deadlines that are due in one turn of the event loop. Others wait for the next turn. */
const MOST_PER_TURN = 500;
/** The longest time of one timer, in milliseconds. Node.js cannot wait longer than 2³¹ − 1. */
const LONGEST_TIMER = 3_600_000;

/**
 * The deadlines of many connections, with one timer for the earliest. A binary heap: moving and cancelling a deadline
 * take time in proportion to the logarithm of their number. A deadline that is not the earliest costs nothing while
 * time passes.
 */
export class DeadlineQueue {
  readonly clock: Clock;
  readonly #heap: Deadline[] = [];
  #wakesAt = Infinity;
  #cancelTimer = (): void => {};
  #isClosed = false;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** Deadlines in the queue. */
  get size(): number {
    return this.#heap.length;
  }

  /**
   * Makes `deadline` due at `time`, or up to FINE milliseconds later; up to COARSE if that is far away. It never makes
   * a deadline due later than before. So a deadline that moves away again and again can stay where it is, and be
   * scheduled again when it is due.
   */
  schedule(deadline: Deadline, time: number): void {
    if (deadline.dueAt < time + FINE || time === Infinity || this.#isClosed) return;
    const now = this.clock.now();
    const step = time - now < LONG ? FINE : COARSE;
    const dueAt = Math.ceil(time / step) * step;
    if (dueAt >= deadline.dueAt) return;
    deadline.dueAt = dueAt;
    if (deadline.position < 0) deadline.position = this.#heap.length;
    this.#rise(deadline, deadline.position);
    this.#arm(now);
  }

  /** Removes `deadline`, if it is in the queue. */
  cancel(deadline: Deadline): void {
    const { position } = deadline;
    if (position < 0) return;
    deadline.position = -1;
    deadline.dueAt = Infinity;
    const last = this.#heap.pop() as Deadline;
    if (last === deadline) return;
    if (position > 0 && last.dueAt < (this.#heap[(position - 1) >> 1] as Deadline).dueAt) this.#rise(last, position);
    else this.#sink(last, position);
  }

  /** Cancels everything, now and later. */
  close(): void {
    this.#isClosed = true;
    this.#cancelTimer();
    for (const deadline of this.#heap.splice(0)) {
      deadline.position = -1;
      deadline.dueAt = Infinity;
    }
  }

  readonly #onTimer = (): void => {
    // A timer whose task is already waiting can no longer be cancelled, so another one may have been started.
    this.#cancelTimer();
    this.#wakesAt = Infinity;
    const now = this.clock.now();
    for (let count = 0; count < MOST_PER_TURN; count++) {
      const first = this.#heap[0];
      if (first === undefined || first.dueAt > now) break;
      this.cancel(first);
      first.onDue(now);
    }
    this.#arm(now);
  };

  /** Ensures that the timer ends when the first deadline is due. A timer that ends earlier stays. */
  #arm(now: number): void {
    const first = this.#heap[0];
    if (first === undefined || first.dueAt >= this.#wakesAt) return;
    this.#cancelTimer();
    this.#wakesAt = first.dueAt;
    const delay = Math.ceil(Math.max(0, first.dueAt - now));
    this.#cancelTimer = this.clock.after(Math.min(delay, LONGEST_TIMER), this.#onTimer);
  }

  /** Puts `deadline` at `position` or above it. */
  #rise(deadline: Deadline, position: number): void {
    while (position > 0) {
      const parent = (position - 1) >> 1;
      const other = this.#heap[parent] as Deadline;
      if (other.dueAt <= deadline.dueAt) break;
      this.#put(other, position);
      position = parent;
    }
    this.#put(deadline, position);
  }

  /** Puts `deadline` at `position` or below it. */
  #sink(deadline: Deadline, position: number): void {
    const heap = this.#heap;
    for (;;) {
      let child = 2 * position + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && (heap[child + 1] as Deadline).dueAt < (heap[child] as Deadline).dueAt) child++;
      const other = heap[child] as Deadline;
      if (other.dueAt >= deadline.dueAt) break;
      this.#put(other, position);
      position = child;
    }
    this.#put(deadline, position);
  }

  #put(deadline: Deadline, position: number): void {
    this.#heap[position] = deadline;
    deadline.position = position;
  }
}
