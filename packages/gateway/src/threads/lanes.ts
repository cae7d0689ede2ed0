import { Linked, LinkedList } from "@postern/net";
import { Turns } from "./turns.js";

/** Begins something. @returns false if it was not needed any more */
type Begin = () => unknown;

/** Things of several owners, of which a limited number happens at the same time. Each owner has a lane. */
export class Lanes {
  /** From two on, each leaves room for the others: what it has begun may never end. */
  owners = 1;
  readonly #most: number;
  #running = 0;
  /** Lanes in which something waits, in the order of their turns. */
  readonly #waiting = new LinkedList<Lane>();

  constructor(most: number) {
    this.#most = most;
  }

  /** @internal */
  take(lane: Lane, begin: Begin): void {
    if (this.#hasRoom(lane)) return this.#begin(lane, begin);
    if (lane.waiting.length === 0) this.#waiting.add(lane);
    lane.waiting.add(begin);
  }

  /** @internal Something in `lane` is over. */
  give(lane: Lane): void {
    this.#running--;
    lane.running--;
    let next = this.#waiting.oldest;
    while (next !== undefined && !this.#hasRoom(next)) next = next.newer;
    if (next === undefined) return;
    const begin = next.waiting.take()!;
    this.#waiting.remove(next);
    if (next.waiting.length > 0) this.#waiting.add(next);
    this.#begin(next, begin);
  }

  #hasRoom({ running, most }: Lane): boolean {
    const share = this.owners > 1 ? this.#most - 1 : this.#most;
    return running < Math.min(most, share) && this.#running < this.#most;
  }

  #begin(lane: Lane, begin: Begin): void {
    this.#running++;
    lane.running++;
    if (begin() === false) this.give(lane);
  }
}

/** The things of one owner. */
export class Lane extends Linked<Lane> {
  readonly #lanes: Lanes;
  /** @internal How many happen now. */
  running = 0;
  /** @internal */
  readonly waiting = new Turns<Begin>();

  /** @internal */
  readonly most: number;

  /** @param most how many happen at the same time. Default: as many as there is room for. */
  constructor(lanes: Lanes, most = Infinity) {
    super();
    this.#lanes = lanes;
    this.most = most;
  }

  /** Calls `begin` now or later. Call `give` when it is over, unless `begin` returns false. */
  take(begin: Begin): void {
    this.#lanes.take(this, begin);
  }

  give(): void {
    this.#lanes.give(this);
  }
}
