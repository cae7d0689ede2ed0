import type { Ratio } from "./measure/statistics.ts";

/** Formats figures with three significant digits. */
export function perSecond(rate: number): string {
  return `${Math.round(rate / 10 ** digits(rate)) * 10 ** digits(rate)}`.replace(/\B(?=(\d{3})+$)/g, ",") + " /s";
}

function digits(value: number): number {
  return Math.max(0, Math.floor(Math.log10(Math.max(1, value))) - 2);
}

export function speed(bytesPerSecond: number): string {
  return `${(bytesPerSecond / 1e6).toPrecision(3).replace(/e\+3$/, "e3")} MB/s`.replace(
    /^(\S+e3)/,
    (text) => `${Number(text)}`,
  );
}

export function milliseconds(value: number): string {
  return `${value < 10 ? value.toFixed(1) : value.toFixed(0)} ms`;
}

export function microseconds(seconds: number): string {
  return `${(seconds * 1e6).toFixed(1)} µs`;
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

export function kilobytes(bytes: number): string {
  return `${(bytes / 1024).toFixed(1)} KB`;
}

export function ratio({ median, min, max }: Ratio): string {
  return `${median.toFixed(2)} (${min.toFixed(2)}–${max.toFixed(2)})`;
}
