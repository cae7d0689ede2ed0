/** So many items wait for a reader that is slower than what it reads. */
const MOST_WAITING = 1_000;

/** Items that come by themselves, for `for await`. A reader that is too slow misses the oldest; `missed` says how many. */
export class BoundedIterator<T> implements AsyncIterableIterator<T, undefined> {
  /** Items that were dropped because nobody read them. */
  missed = 0;
  readonly #most: number;
  #waiting: T[] = [];
  #readers: ((result: IteratorResult<T, undefined>) => void)[] = [];
  #over = false;
  readonly #stop: () => void;

  /** @param start begins to hear items; returns what ends that. */
  constructor(start: (push: (item: T) => void) => () => void, most = MOST_WAITING) {
    this.#most = most;
    this.#stop = start((item) => this.#push(item));
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#waiting.length > 0) return Promise.resolve({ done: false, value: this.#waiting.shift()! });
    if (this.#over) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => this.#readers.push(resolve));
  }

  /** No more items come. Those that wait can still be read. */
  end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#stop();
    for (const reader of this.#readers) reader({ done: true, value: undefined });
    this.#readers = [];
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.end();
    this.#waiting = [];
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  #push(item: T): void {
    if (this.#over) return;
    const reader = this.#readers.shift();
    if (reader !== undefined) return reader({ done: false, value: item });
    this.#waiting.push(item);
    if (this.#waiting.length <= this.#most) return;
    this.#waiting.shift();
    this.missed += 1;
  }
}
