/** What moves between a visitor and its origin. */
export interface Moving {
  /** Whether more of the response's body is due from the origin. */
  readonly awaitsBody: boolean;
  /** Content bytes of both bodies so far. */
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** Detects an origin that stops in the middle of a response, while its visitor reads and sends nothing either. */
export class SilenceWatch {
  /** How long nothing may move, in milliseconds; Infinity: any time. */
  limit = Infinity;
  /** Since when nothing has moved, as far as `look` noticed; Infinity while nothing is due. */
  #since = Infinity;
  #moved = 0;

  /** A request begins. @param limit 0: none */
  begin(limit: number): void {
    this.limit = limit === 0 ? Infinity : limit;
    this.#since = Infinity;
    this.#moved = 0;
  }

  /** Call it regularly. @param unsent bytes that wait until the visitor reads: meanwhile the origin may have to wait */
  look(now: number, exchange: Moving, unsent: number): void {
    if (this.limit === Infinity) return;
    if (!exchange.awaitsBody || unsent > 0) {
      this.#since = Infinity;
      return;
    }
    const moved = exchange.bytesIn + exchange.bytesOut;
    if (this.#since === Infinity || moved !== this.#moved) this.#since = now;
    this.#moved = moved;
  }

  /** When the limit passes unless something moves. */
  get dueAt(): number {
    return this.#since + this.limit;
  }

  isOver(now: number): boolean {
    return now >= this.dueAt;
  }
}
