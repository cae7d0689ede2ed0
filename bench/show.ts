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
  const digits = value < 1 ? 2 : value < 10 ? 1 : 0;
  return `${value.toFixed(digits)} ms`;
}

export function microseconds(seconds: number): string {
  return `${(seconds * 1e6).toFixed(1)} µs`;
}

export function seconds(value: number): string {
  return `${value.toFixed(2)} s`;
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

/** The share of the CPU time that V8's worker threads use, and how often the whole heap is collected. */
export function collectorShare(workers: number, markCompacts: number, per: string): string {
  const count = markCompacts < 10 ? markCompacts.toFixed(1) : markCompacts.toFixed(0);
  return `${(workers * 100).toFixed(0)} %, ${count} per ${per}`;
}
