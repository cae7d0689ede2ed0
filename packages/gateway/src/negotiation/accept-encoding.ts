const ELEMENT = /^[\t ]*([!#$%&'*+.^_`|~0-9a-z-]+)[\t ]*(?:;[\t ]*q=([01](?:\.\d{0,3})?)[\t ]*)?$/i;

/**
 * The qualities of the codings in an Accept-Encoding field (RFC 9110, section 12.5.3), by their names in lower case.
 * `*` stands for every coding without a quality of its own.
 * @returns undefined if the field is malformed
 */
export function readQualities(value: string): ReadonlyMap<string, number> | undefined {
  const qualities = new Map<string, number>();
  for (const text of value.split(",")) {
    if (text.trim() === "") continue;
    const match = ELEMENT.exec(text);
    if (match === null) return undefined;
    const name = match[1]!.toLowerCase();
    qualities.set(name === "x-gzip" ? "gzip" : name, match[2] === undefined ? 1 : Number(match[2]));
  }
  return qualities;
}
