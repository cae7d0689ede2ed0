/** Bytes. Log collectors truncate longer lines, and a visitor could fill a disk with them. */
export const MAX_JSON_LINE = 8192;

/**
 * Serialises `value` as one line of valid JSON of at most `limit` bytes. If the line is too long, its longest strings
 * are shortened. If that is not enough, only the short members of the top level remain.
 */
export function boundedJson(value: Record<string, unknown>, limit = MAX_JSON_LINE): string {
  for (let maxLength = Infinity; maxLength >= 16; maxLength = Math.min(maxLength / 2, limit / 2)) {
    const line = JSON.stringify(value, (_key, item: unknown) =>
      typeof item === "string" ? cut(item, maxLength) : item,
    );
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
