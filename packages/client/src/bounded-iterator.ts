/** The number of items that are kept for a slow reader. */
const MAX_WAITING = 1_000;

/** Pushed items, for `for await`. A reader that is too slow misses the oldest items; `missed` counts them. */
export class BoundedIterator<T> implements AsyncIterableIterator<T, undefined> {
  /** Items that were dropped before they were read. */
  missed = 0;
  readonly #max: number;
  #waiting: T[] = [];
  #readers: ((result: IteratorResult<T, undefined>) => void)[] = [];
  #ended = false;
  readonly #stop: () => void;

  /** @param start subscribes to the items; returns a function that unsubscribes. */
  constructor(start: (push: (item: T) => void) => () => void, max = MAX_WAITING) {
    this.#max = max;
    this.#stop = start((item) => this.#push(item));
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#waiting.length > 0) return Promise.resolve({ done: false, value: this.#waiting.shift()! });
    if (this.#ended) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => this.#readers.push(resolve));
  }

  /** Accepts no more items. Items that are waiting can still be read. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
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
    if (this.#ended) return;
    const reader = this.#readers.shift();
    if (reader !== undefined) return reader({ done: false, value: item });
    this.#waiting.push(item);
    if (this.#waiting.length <= this.#max) return;
    this.#waiting.shift();
    this.missed += 1;
  }
}
