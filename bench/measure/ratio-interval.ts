import { median } from "./statistics.ts";

export interface RatioInterval {
  median: number;
  /** The ends of the interval that contains the true median with the given confidence. */
  low: number;
  high: number;
}

/**
 * The median of the ratios of values measured in the same round, with a confidence interval for it. The interval lies
 * between two order statistics of the ratios (the sign test's interval), so it assumes nothing about their
 * distribution, only that rounds are independent. With fewer than six rounds even the smallest and the largest ratio do
 * not reach 95 %; they are returned anyway.
 */
export function ratioInterval(measured: number[], reference: number[], confidence = 0.95): RatioInterval {
  if (measured.length !== reference.length) throw new Error("a ratio needs both values of each round");
  const ratios = measured.map((value, round) => value / reference[round]!).sort((one, other) => one - other);
  const trimmed = trimmedRanks(ratios.length, confidence);
  return { median: median(ratios), low: ratios[trimmed]!, high: ratios[ratios.length - 1 - trimmed]! };
}

/**
 * The number of values to trim at each end of `count` sorted values. With k values trimmed at each end, the probability
 * that the true median lies outside the interval is twice the probability that at most k of `count` fair coins show
 * heads.
 */
export function trimmedRanks(count: number, confidence: number): number {
  const tail = (1 - confidence) / 2;
  let probability = 0.5 ** count;
  let cumulative = probability;
  let trimmed = 0;
  while (cumulative <= tail && trimmed < (count - 1) / 2) {
    trimmed++;
    probability *= (count - trimmed + 1) / trimmed;
    cumulative += probability;
  }
  return Math.max(0, trimmed - 1);
}
