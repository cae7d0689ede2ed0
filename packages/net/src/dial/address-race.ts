/** How long an attempt is alone before the next one begins, in milliseconds (RFC 8305, section 5). */
export const ATTEMPT_DELAY = 250;

/** How an attempt tells what became of it, once, and not before it has been started. */
export interface Outcome<T> {
  won: (connection: T) => void;
  lost: (error: Error) => void;
}

/** An address that was tried, and why it lost; undefined: nothing is known yet. */
export type Standing = readonly [address: string, loss: Error | undefined];

export interface Race<T> {
  /** In the order in which they are tried; one at least. */
  addresses: readonly string[];
  /** Begins one attempt. Returns what ends it for good: whatever it has opened is closed then. */
  start: (address: string, outcome: Outcome<T>) => () => void;
  /** Calls `task` later; returns what prevents that. */
  setTimer: (task: () => void, milliseconds: number) => () => void;
  signal: AbortSignal;
  /** An attempt began, or failed. */
  onChange: (standings: readonly Standing[]) => void;
}

/** Every address was tried in vain. */
export class RaceLost extends Error {
  readonly standings: readonly Standing[];

  constructor(standings: readonly Standing[]) {
    super("no address could be connected to");
    this.standings = standings;
  }
}

/**
 * Connects to the address that answers first (happy eyeballs, RFC 8305): the next one is tried while those before are still silent, and
 * at once when one fails. Nobody is given up before somebody has won, so that a slow way is no failure; then all others are.
 * @throws RaceLost when no address is left; what `signal` was aborted with.
 */
export function firstToConnect<T>({ addresses, start, setTimer, signal, onChange }: Race<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason as Error);
    const standings: [string, Error | undefined][] = [];
    /** What ends each attempt that has not failed. */
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
      const number = standings.length;
      const address = addresses[number] as string;
      standings.push([address, undefined]);
      const end = start(address, {
        won(connection) {
          if (over) return;
          finish(number);
          resolve(connection);
        },
        lost(error) {
          if (over) return;
          running.delete(number);
          standings[number] = [address, error];
          onChange(standings);
          if (standings.length < addresses.length) return startNext();
          if (running.size > 0) return;
          finish();
          reject(new RaceLost(standings));
        },
      });
      running.set(number, end);
      onChange(standings);
      if (standings.length < addresses.length) cancelTimer = setTimer(startNext, ATTEMPT_DELAY);
    };
    signal.addEventListener("abort", abandon, { once: true });
    startNext();
  });
}
