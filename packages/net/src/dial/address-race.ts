/** Milliseconds before the next attempt begins while another one is pending (RFC 8305, section 5). */
export const ATTEMPT_DELAY = 250;

/** The callbacks of an attempt. One of them is called once, after `start` has returned. */
export interface Outcome<T> {
  won: (connection: T) => void;
  lost: (error: Error) => void;
}

/** An address that was tried, and its error; undefined while the attempt is pending. */
export type AddressAttempt = readonly [address: string, loss: Error | undefined];

export interface Race<T> {
  /** At least one, in the order in which they are tried. */
  addresses: readonly string[];
  /** Begins one attempt. Returns a function that aborts it and closes what it opened. */
  start: (address: string, outcome: Outcome<T>) => () => void;
  /** Calls `task` later. Returns a function that cancels it. */
  setTimer: (task: () => void, milliseconds: number) => () => void;
  /** Called when an attempt begins or fails. */
  onChange?: ((attempts: readonly AddressAttempt[]) => void) | undefined;
}

/** The error when every address failed. */
export class RaceLost extends Error {
  readonly attempts: readonly AddressAttempt[];

  constructor(attempts: readonly AddressAttempt[]) {
    super("connecting to every address failed");
    this.attempts = attempts;
  }
}

/**
 * Connects to the address that answers first (happy eyeballs, RFC 8305). The next attempt begins when one fails, or
 * when the pending ones have not answered for a while. Pending attempts continue until one succeeds, so that a slow
 * route is not a failure; the others are aborted then.
 * @param outcome of the race. When all addresses fail, the error is a RaceLost.
 * @returns a function that aborts the race
 */
export function raceAddresses<T>({ addresses, start, setTimer, onChange }: Race<T>, outcome: Outcome<T>): () => void {
  const attempts: [string, Error | undefined][] = [];
  /** Aborts each pending attempt. */
  const running = new Map<number, () => void>();
  let cancelTimer = (): void => {};
  let over = false;

  const finish = (winner?: number): void => {
    over = true;
    cancelTimer();
    for (const [number, end] of running) if (number !== winner) end();
  };
  const startNext = (): void => {
    cancelTimer();
    const number = attempts.length;
    const address = addresses[number] as string;
    attempts.push([address, undefined]);
    const end = start(address, {
      won(connection) {
        if (over) return;
        finish(number);
        outcome.won(connection);
      },
      lost(error) {
        if (over) return;
        running.delete(number);
        attempts[number] = [address, error];
        onChange?.(attempts);
        if (attempts.length < addresses.length) return startNext();
        if (running.size > 0) return;
        finish();
        outcome.lost(new RaceLost(attempts));
      },
    });
    running.set(number, end);
    onChange?.(attempts);
    if (attempts.length < addresses.length) cancelTimer = setTimer(startNext, ATTEMPT_DELAY);
  };
  startNext();
  return finish;
}

/**
 * The same as a promise.
 * @throws RaceLost when all addresses fail; the reason of `signal`.
 */
export function firstToConnect<T>({ signal, ...race }: Race<T> & { signal: AbortSignal }): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason as Error);
    const abandon = (): void => {
      end();
      reject(signal.reason as Error);
    };
    const end = raceAddresses(race, {
      won(connection) {
        signal.removeEventListener("abort", abandon);
        resolve(connection);
      },
      lost(error) {
        signal.removeEventListener("abort", abandon);
        reject(error);
      },
    });
    signal.addEventListener("abort", abandon, { once: true });
  });
}
