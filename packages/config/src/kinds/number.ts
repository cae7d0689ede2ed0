import { notAllowed, type Kind } from "./kind.js";

export interface NumberRules {
  min?: number;
  max?: number;
}

/** A whole number. The default minimum is 0. */
export function integer({ min = 0, max = Number.MAX_SAFE_INTEGER }: NumberRules = {}): Kind<number> {
  return numberKind("whole number", "integer", Number.isSafeInteger, min, max);
}

/** A number. The default minimum is 0. */
export function decimal({ min = 0, max = Number.MAX_VALUE }: NumberRules = {}): Kind<number> {
  return numberKind("number", "number", Number.isFinite, min, max);
}

/** A TCP port. */
export function port(): Kind<number> {
  return integer({ min: 1, max: 65_535 });
}

/** One of a few numbers. */
export function numberChoice<const T extends number>(numbers: readonly T[]): Kind<T> {
  const kind: Kind<T> = {
    name: numbers.map((number) => `\`${number}\``).join(", "),
    allowed: numbers.join(" or "),
    schema: { anyOf: [{ enum: numbers }, { type: "string", pattern: `^(${numbers.join("|")})$|\\$\\{` }] },
    read(value) {
      const found = numbers.find((number) => number === value);
      return found === undefined ? notAllowed(kind) : { value: found };
    },
    readText: (text) => kind.read(Number(text.trim() || NaN)),
    show: String,
  };
  return kind;
}

function numberKind(
  name: string,
  type: string,
  fits: (value: unknown) => boolean,
  min: number,
  max: number,
): Kind<number> {
  const bounded = max < Number.MAX_SAFE_INTEGER;
  const kind: Kind<number> = {
    name,
    allowed: bounded ? `a ${name} from ${min} to ${max}` : `a ${name}, at least ${min}`,
    schema: {
      anyOf: [
        { type, minimum: min, ...(bounded ? { maximum: max } : {}) },
        { type: "string", pattern: "\\$\\{" },
      ],
    },
    read: (value) =>
      fits(value) && (value as number) >= min && (value as number) <= max
        ? { value: value as number }
        : notAllowed(kind),
    readText: (text) => (/^[+-]?\d+(\.\d+)?$/.test(text.trim()) ? kind.read(Number(text)) : notAllowed(kind)),
    show: String,
  };
  return kind;
}
