import { percentDecoded } from "../http/latin1.js";

/** The parameters in the query of a request target, read once for each target. Reused. */
export class QueryParameters {
  #target = "";
  readonly #values = new Map<string, string | undefined>();

  /**
   * The value of a parameter: one character for each byte. Empty string: the parameter has no value. Undefined: it is
   * missing, or repeated with different values.
   */
  value(target: string, name: string): string | undefined {
    this.#read(target);
    return this.#values.get(name);
  }

  has(target: string, name: string): boolean {
    this.#read(target);
    return this.#values.has(name);
  }

  #read(target: string): void {
    if (target === this.#target) return;
    this.#target = target;
    this.#values.clear();
    const start = target.indexOf("?");
    if (start < 0) return;
    for (const parameter of target.slice(start + 1).split("&")) {
      if (parameter === "") continue;
      const equals = parameter.indexOf("=");
      const name = decoded(equals < 0 ? parameter : parameter.slice(0, equals));
      const value = equals < 0 ? "" : decoded(parameter.slice(equals + 1));
      const isSame = !this.#values.has(name) || this.#values.get(name) === value;
      this.#values.set(name, isSame ? value : undefined);
    }
  }
}

/** The bytes of a text in UTF-8, one character each: the form of parameters. */
export function bytesOf(text: string): string {
  return Buffer.from(text).toString("latin1");
}

/** Decodes as forms are encoded: `+` is a space. A malformed escape stays as it is. */
function decoded(text: string): string {
  const spaced = text.includes("+") ? text.replaceAll("+", " ") : text;
  return spaced.includes("%") ? percentDecoded(spaced) : spaced;
}
