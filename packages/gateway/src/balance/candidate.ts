/** A member of a pool as a balancing policy sees it. */
export interface Candidate {
  /** Whether it accepts a request now. */
  readonly available: boolean;
  /** Whether it may be unreachable although nothing has failed yet. */
  readonly suspect: boolean;
  /** Requests in progress. */
  readonly inUse: number;
}

/** 0: a candidate that is to be preferred, 1: one that may be unreachable, 2: one that accepts nothing. */
export function tierOf({ available, suspect }: Candidate): 0 | 1 | 2 {
  if (!available) return 2;
  return suspect ? 1 : 0;
}

/** The parts of a request that a policy may use. */
export interface PickContext {
  /** The visitor's IP address. */
  readonly address: string;
}

/**
 * Chooses the candidate for one request. A policy may keep state between requests, so each pool has its own instance.
 */
export interface Balance {
  /** @returns one of `candidates`, an unavailable one if there is no other; undefined when there are none. */
  pick<Each extends Candidate>(candidates: readonly Each[], context: PickContext): Each | undefined;
}
