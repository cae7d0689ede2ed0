/** Ranges of one request. More, or ranges that overlap, are refused: one request could cost many transfers. */
export const MOST_RANGES = 10;

/** Bytes of a representation, from `start` to before `end`. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** Elements of a field, with those that are empty. */
const MOST_ELEMENTS = 100;

const RANGE = /^[\t ]*(?:(\d+)-(\d*)|-(\d+))[\t ]*$/;
const EMPTY = /^[\t ]*$/;

/**
 * Reads a Range field (RFC 9110, sections 14.1 and 14.2). Elements of the list may be empty (section 5.6.1).
 * @param size bytes of the representation
 * @returns the ranges that exist, in their order; `ignored` if the field is malformed or has another unit, or if the
 *   representation has no bytes; `refused` if none exists, or if there are too many or some overlap
 */
export function parseRanges(value: string, size: number): readonly ByteRange[] | "ignored" | "refused" {
  if (size === 0 || !/^bytes=/i.test(value)) return "ignored";
  const ranges: ByteRange[] = [];
  const elements = value.slice("bytes=".length).split(",", MOST_ELEMENTS + 1);
  const texts = elements.filter((element) => !EMPTY.test(element));
  if (elements.length > MOST_ELEMENTS || texts.length > MOST_RANGES) return "refused";
  if (texts.length === 0) return "ignored";
  for (const text of texts) {
    const match = RANGE.exec(text);
    if (match === null) return "ignored";
    const [, first, last = "", suffix] = match;
    if (first === undefined) {
      const length = Math.min(Number(suffix), size);
      if (length > 0) ranges.push({ start: size - length, end: size });
      continue;
    }
    const start = Number(first);
    const end = last === "" ? size : Math.min(Number(last) + 1, size);
    if (last !== "" && Number(last) < start) return "ignored";
    if (start < size) ranges.push({ start, end });
  }
  return ranges.length === 0 || overlap(ranges) ? "refused" : ranges;
}

function overlap(ranges: readonly ByteRange[]): boolean {
  const sorted = ranges.toSorted((one, other) => one.start - other.start);
  return sorted.some(({ start }, n) => n > 0 && start < sorted[n - 1]!.end);
}
