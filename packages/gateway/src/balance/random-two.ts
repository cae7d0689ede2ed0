import type { Candidate } from "./candidate.js";
import { TwoChoices } from "./two-choices.js";

/** Picks the one of two random candidates that has fewer requests in progress for its share. */
export class RandomTwo extends TwoChoices {
  constructor(random: () => number = Math.random) {
    super(loadOf, random);
  }
}

function loadOf({ inUse, share }: Candidate): number {
  return inUse / share;
}
