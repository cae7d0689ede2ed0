import type { Candidate } from "./candidate.js";
import { TwoChoices } from "./two-choices.js";

/**
 * Picks the one of two random candidates that is likely to respond earlier, by the times of its recent responses and
 * its requests in progress. An idle candidate without recent responses is tried first, so none starves.
 */
export class LeastTime extends TwoChoices {
  constructor(random: () => number = Math.random) {
    super(costOf, random);
  }
}

function costOf({ latency, inUse, share, weight }: Candidate, now: number): number {
  const average = latency?.at(now);
  if (average === undefined && inUse === 0) return 0;
  // The draw has taken the weight into account.
  return (((average ?? 0) + 1) * (inUse + 1) * weight) / share;
}
