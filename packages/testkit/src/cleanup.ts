/** Where a test hands in what must be undone when it ends, however it ends: vitest's `onTestFinished`, or `Cleanup.defer`. */
export type Defer = (release: () => Promise<void>) => void;

/** Collects what must be undone once for a whole file: `const cleanup = new Cleanup(); afterAll(() => cleanup.run())`. */
export class Cleanup {
  readonly #releases: (() => Promise<void>)[] = [];

  readonly defer: Defer = (release) => {
    this.#releases.push(release);
  };

  /** Undoes in reverse order, each however the others went; then throws what went wrong. Can be called twice. */
  async run(): Promise<void> {
    const errors: unknown[] = [];
    for (let release = this.#releases.pop(); release !== undefined; release = this.#releases.pop()) {
      try {
        await release();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw new AggregateError(errors, "cleaning up failed");
  }
}
