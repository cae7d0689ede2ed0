interface Running<Result> {
  readonly result: Promise<Result>;
  readonly version: number;
}

/** Work in progress, each with a key. Callers that need the same result while it is in progress share it. */
export class SharedWork<Key, Result> {
  readonly #running = new Map<Key, Running<Result>>();

  /** @param version work that began with another one is not shared */
  run(key: Key, version: number, begin: () => Promise<Result>): Promise<Result> {
    const running = this.#running.get(key);
    if (running?.version === version) return running.result;
    const begun: Running<Result> = { version, result: begin() };
    this.#running.set(key, begun);
    const end = (): void => {
      if (this.#running.get(key) === begun) this.#running.delete(key);
    };
    begun.result.then(end, end);
    return begun.result;
  }
}
