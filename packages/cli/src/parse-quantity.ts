import { CliError } from "./errors.js";

const SIZES: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
};
const DURATIONS: Readonly<Record<string, number>> = { "": 1_000, ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** Bytes of a size such as `500`, `64KiB` or `10MB`. Throws PN_SIZE_INVALID. */
export function parseSize(text: string): number {
  const bytes = amount(text, SIZES);
  if (bytes !== undefined) return bytes;
  throw new CliError(
    "PN_SIZE_INVALID",
    `"${text}" is not a size.`,
    "Give bytes, or a number with a unit: 500, 64KB, 10MB, 1GB.",
  );
}

/** Milliseconds of a time such as `30` (seconds), `500ms`, `30s`, `5m` or `1h`. Throws PN_DURATION_INVALID. */
export function parseDuration(text: string): number {
  const milliseconds = amount(text, DURATIONS);
  if (milliseconds !== undefined) return milliseconds;
  throw new CliError(
    "PN_DURATION_INVALID",
    `"${text}" is not a time.`,
    "Give seconds, or a number with a unit: 30, 500ms, 30s, 5m, 1h.",
  );
}

/** A whole number of the smallest unit; undefined when `text` is none, or too large to count exactly. */
function amount(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const [, number = "", unit = ""] = /^([0-9]+(?:\.[0-9]+)?) ?([a-z]*)$/i.exec(text.trim()) ?? [];
  const scale = Object.hasOwn(units, unit.toLowerCase()) ? units[unit.toLowerCase()] : undefined;
  if (number === "" || scale === undefined) return undefined;
  const result = Math.round(Number(number) * scale);
  return Number.isSafeInteger(result) ? result : undefined;
}
