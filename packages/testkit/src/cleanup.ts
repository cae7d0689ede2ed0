/**
 * Registers a function that runs at the end of a test, passed or failed: vitest's `onTestFinished`, or `Cleanup.defer`.
 */
export type Defer = (release: () => Promise<void>) => void;

/** Collects the clean-up of a whole file: `const cleanup = new Cleanup(); afterAll(() => cleanup.run())`. */
export class Cleanup {
  readonly #releases: (() => Promise<void>)[] = [];

  readonly defer: Defer = (release) => {
    this.#releases.push(release);
  };

  /**
   * Runs everything in reverse order, even after failures, then throws an AggregateError of the failures. Idempotent.
   */
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
