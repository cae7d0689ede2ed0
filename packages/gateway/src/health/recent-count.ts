/** Adds up what happened of late: in parts of a window, the oldest of which is forgotten at a time. */
export class RecentCount {
  readonly #window: number;
  readonly #counts: Float64Array;
  #part = -Infinity;

  /**
   * @param window in milliseconds
   * @param parts the number of parts
   */
  constructor(window: number, parts: number) {
    this.#window = window;
    this.#counts = new Float64Array(parts);
  }

  /**
   * An event, or an amount.
   * @param now monotonic time in milliseconds
   */
  add(now: number, amount = 1): void {
    this.#counts[this.#partAt(now)]! += amount;
  }

  /** The events, or the sum of the amounts, within the window that ends now. */
  totalAt(now: number): number {
    this.#partAt(now);
    let total = 0;
    for (const count of this.#counts) total += count;
    return total;
  }

  clear(): void {
    this.#part = -Infinity;
    this.#counts.fill(0);
  }

  /** The position of the part that contains `now`. Forgets the parts that are older than the window. */
  #partAt(now: number): number {
    const parts = this.#counts.length;
    const part = Math.floor((now * parts) / this.#window);
    for (let each = Math.max(this.#part + 1, part - parts + 1); each <= part; each++) this.#counts[each % parts] = 0;
    this.#part = Math.max(this.#part, part);
    return part % parts;
  }
}
