export function median(values: number[]): number {
  return percentile(values, 50);
}

/** The value that `percent` of the values do not exceed; between two values in the middle, their mean. */
export function percentile(values: number[], percent: number): number {
  if (values.length === 0) throw new Error("nothing was measured");
  const sorted = [...values].sort((a, b) => a - b);
  const rank = (percent / 100) * sorted.length;
  const at = Math.max(0, Math.ceil(rank) - 1);
  if (Number.isInteger(rank) && percent === 50) return (sorted[at]! + sorted[Math.min(at + 1, sorted.length - 1)]!) / 2;
  return sorted[at]!;
}

export interface Ratio {
  median: number;
  min: number;
  max: number;
}

/**
 * Compares what was measured in the same round with each other: the machine's moods change from minute to minute,
 * and both sides of a round share them.
 */
export function pairedRatio(product: number[], yardstick: number[]): Ratio {
  const ratios = product.map((value, round) => value / yardstick[round]!);
  return { median: median(ratios), min: Math.min(...ratios), max: Math.max(...ratios) };
}
