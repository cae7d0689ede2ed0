/**
 * A way to read a path. Servers, frameworks and libraries differ in each of these choices, and any combination occurs
 * somewhere. A sign counts in one of three ways: never, only as the character itself, or also percent-encoded.
 */
export interface Reading {
  /** Whether `.` and `..` as a segment are resolved (RFC 3986 5.2.4). */
  readonly dots: Sign;
  /** Whether `/` separates segments. Never `never`. */
  readonly slash: Sign;
  /** Whether `\` separates segments too (Windows, the URL standard). */
  readonly backslash: Sign;
  /** Whether the part of a segment from `;` on is ignored (Java servers). */
  readonly parameters: Sign;
  /** Whether empty segments are dropped (nginx `merge_slashes`, file systems). */
  readonly merges: boolean;
  /** The traits without which a path reads the same in another reading: one bit each. */
  readonly needs: number;
}

export const Sign = { never: 0, plain: 1, encoded: 2 } as const;
export type Sign = (typeof Sign)[keyof typeof Sign];

/** What a path contains that can be read in different ways. One bit each. */
export const Trait = {
  dots: 1,
  encodedDots: 2,
  encodedSlash: 4,
  backslash: 8,
  encodedBackslash: 16,
  parameters: 32,
  encodedParameters: 64,
  emptySegment: 128,
  /** Changes no reading, but there is something left to decode. */
  percent: 256,
  nul: 512,
} as const;

/** All readings, those for common paths first. */
export const READINGS: readonly Reading[] = combinations();

function combinations(): Reading[] {
  const readings: Reading[] = [];
  for (const dots of signs(Trait.dots, Trait.encodedDots)) {
    for (const slash of signs(0, Trait.encodedSlash).slice(1)) {
      for (const backslash of signs(Trait.backslash, Trait.encodedBackslash)) {
        for (const parameters of signs(Trait.parameters, Trait.encodedParameters)) {
          for (const merges of [false, true]) {
            const needs = dots.needs | slash.needs | backslash.needs | parameters.needs;
            readings.push({
              dots: dots.sign,
              slash: slash.sign,
              backslash: backslash.sign,
              parameters: parameters.sign,
              merges,
              needs: needs | (merges ? Trait.emptySegment : 0),
            });
          }
        }
      }
    }
  }
  return readings;
}

function signs(plain: number, encoded: number): { sign: Sign; needs: number }[] {
  return [
    { sign: Sign.never, needs: 0 },
    { sign: Sign.plain, needs: plain },
    { sign: Sign.encoded, needs: encoded },
  ];
}
