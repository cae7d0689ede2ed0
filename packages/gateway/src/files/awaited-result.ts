/** Who waits for a result. */
export interface ResultWaiter<Result> {
  next(result: Result): void;
  onFailure(): void;
  /** `next` or `onFailure` threw an error. */
  onFault(error: unknown): void;
}

/**
 * A result that somebody waits for, who can leave. A promise keeps its callbacks until it settles, which may be never
 * on a disk that is stuck. This keeps nothing of those who have left.
 */
export class AwaitedResult<Result> {
  #waiter: ResultWaiter<Result> | undefined;

  constructor(load: Promise<Result>, waiter: ResultWaiter<Result>) {
    this.#waiter = waiter;
    load.then(
      (result) => this.#settle((each) => each.next(result)),
      () => this.#settle((each) => each.onFailure()),
    );
  }

  /** The waiter is not called any more. Can be called twice. */
  leave(): void {
    this.#waiter = undefined;
  }

  #settle(call: (waiter: ResultWaiter<Result>) => void): void {
    const waiter = this.#waiter;
    this.#waiter = undefined;
    if (waiter === undefined) return;
    try {
      call(waiter);
    } catch (error) {
      waiter.onFault(error);
    }
  }
}
