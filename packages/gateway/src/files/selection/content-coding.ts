import { readQualities } from "../../negotiation/accept-encoding.js";

/** A coding in which a file can be stored beside it. */
export interface ContentCoding {
  readonly name: string;
  /** What the name of the stored file ends with. */
  readonly suffix: string;
}

/** In the order of preference: the smaller results first. */
export const CODINGS: readonly ContentCoding[] = [
  { name: "br", suffix: ".br" },
  { name: "zstd", suffix: ".zst" },
  { name: "gzip", suffix: ".gz" },
];

const NONE: readonly number[] = [];
/** Values whose result is kept. Browsers of one version all send the same value. */
const MOST_KEPT = 64;
const LONGEST_KEPT = 128;
const kept = new Map<string, readonly number[]>();

/**
 * The codings that an Accept-Encoding field accepts (RFC 9110, section 12.5.3), as indices of CODINGS: those of the
 * highest quality first. A malformed field accepts none.
 */
export function acceptedCodings(value: string): readonly number[] {
  if (value === "") return NONE;
  let accepted = kept.get(value);
  if (accepted !== undefined) return accepted;
  accepted = parseCodings(value);
  if (value.length > LONGEST_KEPT) return accepted;
  if (kept.size >= MOST_KEPT) kept.clear();
  kept.set(value, accepted);
  return accepted;
}

function parseCodings(value: string): readonly number[] {
  const qualities = readQualities(value);
  if (qualities === undefined) return NONE;
  const qualityOf = (index: number): number => qualities.get(CODINGS[index]!.name) ?? qualities.get("*") ?? 0;
  const identity = qualities.get("identity") ?? 0;
  return CODINGS.map((_, index) => index)
    .filter((index) => qualityOf(index) > 0 && qualityOf(index) >= identity)
    .toSorted((one, other) => qualityOf(other) - qualityOf(one));
}
