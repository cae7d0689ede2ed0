/** What waits for its turn. */
export class Turns<Waiting> {
  #all: Waiting[] = [];
  /** How many of them have been taken. */
  #taken = 0;

  get length(): number {
    return this.#all.length - this.#taken;
  }

  add(waiting: Waiting): void {
    this.#all.push(waiting);
  }

  /** @returns the one that has waited for longest; undefined: none waits */
  take(): Waiting | undefined {
    const next = this.#all[this.#taken];
    if (next === undefined) return undefined;
    // The first ones are removed together, because each removal moves all others.
    if (++this.#taken >= 64 || this.#taken === this.#all.length) {
      this.#all = this.#all.slice(this.#taken);
      this.#taken = 0;
    }
    return next;
  }
}
