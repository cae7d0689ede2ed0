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
  signal: AbortSignal;
  /** Called when an attempt begins or fails. */
  onChange: (attempts: readonly AddressAttempt[]) => void;
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
 * @throws RaceLost when all addresses fail; the reason of `signal`.
 */
export function firstToConnect<T>({ addresses, start, setTimer, signal, onChange }: Race<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason as Error);
    const attempts: [string, Error | undefined][] = [];
    /** Aborts each pending attempt. */
    const running = new Map<number, () => void>();
    let cancelTimer = (): void => {};
    let over = false;

    const finish = (winner?: number): void => {
      over = true;
      cancelTimer();
      signal.removeEventListener("abort", abandon);
      for (const [number, end] of running) if (number !== winner) end();
    };
    const abandon = (): void => {
      finish();
      reject(signal.reason as Error);
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
          resolve(connection);
        },
        lost(error) {
          if (over) return;
          running.delete(number);
          attempts[number] = [address, error];
          onChange(attempts);
          if (attempts.length < addresses.length) return startNext();
          if (running.size > 0) return;
          finish();
          reject(new RaceLost(attempts));
        },
      });
      running.set(number, end);
      onChange(attempts);
      if (attempts.length < addresses.length) cancelTimer = setTimer(startNext, ATTEMPT_DELAY);
    };
    signal.addEventListener("abort", abandon, { once: true });
    startNext();
  });
}
