export function median(values: number[]): number {
  return percentile(values, 50);
}

/**
 * The smallest of the values that is at least as large as `percent` % of them. For an even count, the median is the
 * mean of both middle values.
 */
export function percentile(values: number[], percent: number): number {
  if (values.length === 0) throw new Error("there are no measurements");
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
 * Compares values of the same round. The machine's speed changes from minute to minute, but affects both values
 * equally.
 */
export function pairedRatio(product: number[], yardstick: number[]): Ratio {
  const ratios = product.map((value, round) => value / yardstick[round]!);
  return { median: median(ratios), min: Math.min(...ratios), max: Math.max(...ratios) };
}
