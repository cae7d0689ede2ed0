/** A duration in one unit, for sentences: `59 minutes`. */
export function durationText(milliseconds: number): string {
  const units = [
    ["days", 86_400_000],
    ["hours", 3_600_000],
    ["minutes", 60_000],
    ["seconds", 1_000],
  ] as const;
  // A single larger unit would be too coarse: 90 minutes, not 1 hour.
  const [unit, length] = units.find(([, size]) => milliseconds >= 2 * size) ?? ["seconds", 1_000];
  return `${Math.floor(milliseconds / length)} ${unit}`;
}
