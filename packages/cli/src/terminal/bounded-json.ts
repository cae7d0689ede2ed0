/** A line beyond this is cut by log collectors, and one visitor could fill a disk with it. */
export const MAX_JSON_LINE = 8192;

/**
 * `value` as one line of valid JSON of at most `limit` bytes: where it is longer, its longest strings are shortened;
 * if even that is not enough, only the short members of the top level remain.
 */
export function boundedJson(value: Record<string, unknown>, limit = MAX_JSON_LINE): string {
  for (let longest = Infinity; longest >= 16; longest = Math.min(longest / 2, limit / 2)) {
    const line = JSON.stringify(value, (_key, item: unknown) => (typeof item === "string" ? cut(item, longest) : item));
    if (Buffer.byteLength(line) <= limit) return line;
  }
  const short = Object.entries(value).filter(
    ([, item]) => typeof item !== "object" && (JSON.stringify(item) ?? "").length <= 64,
  );
  return JSON.stringify({ ...Object.fromEntries(short), shortened: true });
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, Math.trunc(length))}…`;
}
