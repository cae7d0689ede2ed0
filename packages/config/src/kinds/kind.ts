/** The result of reading a value: the value, or a fault that completes a sentence starting with the option's name. */
export type Reading<T> = { readonly value: T } | { readonly fault: string };

export type JsonSchema = Record<string, unknown>;

/** A kind of value: how it is read and shown. */
export interface Kind<T> {
  /** One or two words for the documentation, for instance `duration`. */
  readonly name: string;
  /** The allowed values, with an example: `a time, for instance 30 (seconds), "500ms" or "5m"`. */
  readonly allowed: string;
  /** JSON Schema of the value in TOML, for editors. */
  readonly schema: JsonSchema;
  /** Reads a value of the TOML file. */
  read(value: unknown): Reading<T>;
  /** Reads text from the environment or the command line. */
  readText(text: string): Reading<T>;
  /** Returns the value as TOML. */
  show(value: T): string;
  /** Returns the part of a secret value that may be shown, as TOML. Default: nothing is shown. */
  redact?(value: T): string;
}

/** Returns the name of a kind in the plural, for instance `durations`. */
export function pluralName({ name }: { readonly name: string }): string {
  if (name === "text") return "text values";
  if (name === "any value") return "values";
  return name.endsWith("s") ? `${name}es` : `${name}s`;
}

/** The fault of a value that is not of this kind. */
export function notAllowed(kind: { readonly allowed: string }): { readonly fault: string } {
  return { fault: `must be ${kind.allowed}` };
}
