import type { ResultSummary } from "./recent-results.js";

/** When a target differs from the others of its pool so much that it is ejected. */
export interface OutlierOptions {
  /** Milliseconds over which requests are counted. */
  readonly window: number;
  /** Requests to a target within `window` below which it is not compared. */
  readonly minRequests: number;
  /** The least success rate of a target, as a part of the average of the others, 0 to 1. 0: any. */
  readonly minSuccessRatio: number;
  /** The longest response time of a target, as a multiple of the average of the others. 0: any. */
  readonly maxLatencyRatio: number;
}

export interface Outlier {
  /** That of its summary. */
  readonly position: number;
  readonly cause: "success_rate" | "latency";
  /** Its success rate, 0 to 1, or its response time in milliseconds; and the average of the others. */
  readonly own: number;
  readonly others: number;
}

/**
 * The targets that differ too much from the others, the worst first: those that fail, then those that are slow. Each of
 * the others counts the same in their average, however many requests it gets.
 * @param summaries one for each target; undefined: it is not compared
 */
export function findOutliers(
  summaries: readonly (ResultSummary | undefined)[],
  { minSuccessRatio, maxLatencyRatio }: OutlierOptions,
): Outlier[] {
  const rates = comparisons(summaries.map((each) => each?.successRate));
  const failing = rates
    .filter(({ own, others }) => own < minSuccessRatio * others)
    .sort((one, other) => one.own - other.own)
    .map((each): Outlier => ({ ...each, cause: "success_rate" }));
  if (maxLatencyRatio === 0) return failing;
  const times = comparisons(summaries.map((each) => each?.logLatency));
  const slow = times
    .filter(({ own, others }) => own - others > Math.log(maxLatencyRatio))
    .sort((one, other) => other.own - one.own)
    .map((each): Outlier => ({
      position: each.position,
      cause: "latency",
      own: Math.exp(each.own),
      others: Math.exp(each.others),
    }));
  return [...failing, ...slow];
}

/** Each value that is known beside the average of the others; nothing if no other is known. */
function comparisons(values: readonly (number | undefined)[]): { position: number; own: number; others: number }[] {
  const known = [...values.entries()].filter((entry): entry is [number, number] => entry[1] !== undefined);
  const others = known.length - 1;
  if (others < 1) return [];
  const sum = known.reduce((total, [, value]) => total + value, 0);
  return known.map(([position, own]) => ({ position, own, others: (sum - own) / others }));
}
