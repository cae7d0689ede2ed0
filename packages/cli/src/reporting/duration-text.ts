/** How long something takes or lasts, in the unit that people would use: `59 minutes`. */
export function durationText(milliseconds: number): string {
  const units = [
    ["days", 86_400_000],
    ["hours", 3_600_000],
    ["minutes", 60_000],
    ["seconds", 1_000],
  ] as const;
  // One of the greater unit is too coarse to be told alone.
  const [unit, length] = units.find(([, size]) => milliseconds >= 2 * size) ?? ["seconds", 1_000];
  return `${Math.floor(milliseconds / length)} ${unit}`;
}
