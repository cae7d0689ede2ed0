/** A set of media types. */
export class MediaTypes {
  readonly #types = new Set<string>();
  /** The parts before and after a `*` in a subtype. */
  readonly #patterns: { readonly start: string; readonly end: string }[] = [];

  /** @param types `text/html`, `text/*`, `application/*+json` or `*` followed by `/*` */
  constructor(types: readonly string[]) {
    for (const type of types.map((each) => each.toLowerCase())) {
      const star = type.indexOf("*");
      if (star < 0) this.#types.add(type);
      else if (type === "*/*") this.#patterns.push({ start: "", end: "" });
      else this.#patterns.push({ start: type.slice(0, star), end: type.slice(star + 1) });
    }
  }

  /** @param value of Content-Type */
  includes(value: string): boolean {
    const type = mediaType(value);
    if (type === "") return false;
    if (this.#types.has(type)) return true;
    return this.#patterns.some(({ start, end }) => {
      const least = start.length + end.length;
      return type.length > least && type.startsWith(start) && type.endsWith(end);
    });
  }
}

/** The type in a Content-Type field, in lower case and without parameters; empty unless it is one. */
export function mediaType(value: string): string {
  const end = value.indexOf(";");
  const type = (end < 0 ? value : value.slice(0, end)).trim().toLowerCase();
  return /^[^\s,/]+\/[^\s,/]+$/.test(type) ? type : "";
}
