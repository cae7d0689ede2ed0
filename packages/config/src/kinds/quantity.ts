import { notAllowed, type Kind, type Reading } from "./kind.js";

type Units = Readonly<Record<string, number>>;

const SIZES: Units = { "": 1, b: 1, kb: 1e3, mb: 1e6, gb: 1e9, kib: 1024, mib: 1024 ** 2, gib: 1024 ** 3 };
const DURATIONS: Units = { "": 1_000, ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

export interface QuantityRules {
  /** In the smallest unit: milliseconds or bytes. */
  min?: number;
  max?: number;
}

/** A duration. The value is in milliseconds; a number without a unit is seconds. */
export function duration(rules: QuantityRules = {}): Kind<number> {
  return quantity("duration", 'a duration, for instance 30 (seconds), "500ms", "30s", "5m" or "1h"', DURATIONS, rules, [
    ["h", 3_600_000],
    ["m", 60_000],
    ["s", 1_000],
    ["ms", 1],
  ]);
}

/** A size in bytes. */
export function size(rules: QuantityRules = {}): Kind<number> {
  return quantity("size", 'a size, for instance 500 (bytes), "64KB", "10MB" or "1GiB"', SIZES, rules, [
    ["GB", 1e9],
    ["MB", 1e6],
    ["KB", 1e3],
    ["B", 1],
  ]);
}

function quantity(
  name: string,
  what: string,
  units: Units,
  { min = 0, max = Number.MAX_SAFE_INTEGER }: QuantityRules,
  shown: readonly (readonly [string, number])[],
): Kind<number> {
  const show = (value: number): string => {
    const [unit, scale] = shown.find(([, scale]) => value % scale === 0 && value >= scale) ?? ["", 1];
    return value === 0 ? "0" : `"${value / scale}${unit}"`;
  };
  const from = min > 0 ? `, at least ${show(min)}` : "";
  const upTo = max < Number.MAX_SAFE_INTEGER ? `, at most ${show(max)}` : "";
  const amount = (number: number, unit: string): Reading<number> => {
    const scale = Object.hasOwn(units, unit) ? units[unit] : undefined;
    const value = scale === undefined ? NaN : Math.round(number * scale);
    return Number.isSafeInteger(value) && value >= min && value <= max ? { value } : notAllowed(kind);
  };
  const kind: Kind<number> = {
    name,
    allowed: `${what}${from}${upTo}`,
    schema: {
      anyOf: [
        { type: "number", minimum: 0 },
        { type: "string", pattern: `^[0-9]+(\\.[0-9]+)? ?(${Object.keys(units).join("|")})$|\\$\\{` },
      ],
    },
    read(value) {
      if (typeof value === "number") return amount(value, "");
      return typeof value === "string" ? kind.readText(value) : notAllowed(kind);
    },
    readText(text) {
      const [, number, unit] = /^([0-9]+(?:\.[0-9]+)?) ?([a-z]*)$/i.exec(text.trim()) ?? [];
      return number === undefined ? notAllowed(kind) : amount(Number(number), (unit as string).toLowerCase());
    },
    show,
  };
  return kind;
}
