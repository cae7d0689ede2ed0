import type { Request } from "../http/index.js";
import type { Latency } from "./latency.js";

/** A member of a pool as a balancing policy sees it. */
export interface Candidate {
  /** Whether it accepts a request now. */
  readonly available: boolean;
  /** Whether it may be unreachable although nothing has failed yet. */
  readonly suspect: boolean;
  /** Requests in progress. */
  readonly inUse: number;
  /** Its share of the requests relative to other candidates, above 0. Constant. */
  readonly weight: number;
  /** The part of `weight` that it can take now: less than `weight` during a slow start, and above 0. */
  readonly share: number;
  /** What tells it from other candidates, for policies that depend on it across restarts. */
  readonly name?: string | undefined;
  /** The times of its responses; undefined: they are not measured. */
  readonly latency?: Latency | undefined;
}

/**
 * 0: a candidate that is to be preferred, 1: one that may be unreachable, 2: one that accepts nothing, 3: one that is
 * not to be picked.
 */
export type Tier = 0 | 1 | 2 | 3;

export function tierOf(candidate: Candidate, except: readonly Candidate[] | undefined): Tier {
  if (except?.includes(candidate) === true) return 3;
  if (!candidate.available) return 2;
  return candidate.suspect ? 1 : 0;
}

/** The parts of a request that a policy may use. */
export interface PickContext {
  /** The visitor's IP address. */
  readonly address: string;
  /** When the request's head had been read, in milliseconds of `performance.now()`. */
  readonly startedAt: number;
  readonly request: Pick<Request, "fieldValue">;
}

/**
 * Chooses the candidate for one request. A policy may keep state between requests, so each pool has its own instance.
 */
export interface Balance {
  /**
   * @param candidates the same array until its members change
   * @param except candidates that are not picked, because they have failed the request. Default: none
   * @returns one of `candidates`, an unavailable one if there is no other; undefined when there are none.
   */
  pick<Each extends Candidate>(
    candidates: readonly Each[],
    context: PickContext,
    except?: readonly Each[],
  ): Each | undefined;
}
