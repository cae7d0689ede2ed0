const SIZES = ["kB", "MB", "GB", "TB"];

/** A size: 999 B, 1.2 kB, 34 kB, 5.6 MB: at most seven characters. */
export function byteText(bytes: number): string {
  if (bytes < 1000) return `${Math.max(0, Math.trunc(bytes))} B`;
  let value = bytes;
  let unit = -1;
  do {
    value /= 1000;
    unit += 1;
  } while (value >= 999.5 && unit < SIZES.length - 1);
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value)} ${SIZES[unit]}`;
}

/** A duration: 0.4 ms, 12 ms, 1.2 s, 75 s, 12 min. */
export function durationText(milliseconds: number): string {
  if (milliseconds < 0.95) return `${Math.max(0, milliseconds).toFixed(1)} ms`;
  if (milliseconds < 999.5) return `${Math.round(milliseconds)} ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  return seconds < 120 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`;
}

/** A rate per second: 0, 0.3, 4.2, 37. */
export function rateText(perSecond: number): string {
  if (perSecond === 0) return "0";
  return perSecond < 9.95 ? Math.max(0.1, perSecond).toFixed(1) : String(Math.round(perSecond));
}

/** An age: 12 s, 5 min, 3 h, 12 d. */
export function ageText(seconds: number): string {
  if (seconds < 120) return `${Math.max(0, Math.trunc(seconds))} s`;
  const minutes = seconds / 60;
  if (minutes < 120) return `${Math.trunc(minutes)} min`;
  return minutes < 2_880 ? `${Math.trunc(minutes / 60)} h` : `${Math.trunc(minutes / 1_440)} d`;
}
