/** What reading a value came to: the value, or what is wrong with it, as the end of a sentence that begins with the option's name. */
export type Reading<T> = { readonly value: T } | { readonly fault: string };

export type JsonSchema = Record<string, unknown>;

/** A kind of value: how it is written, read and shown. */
export interface Kind<T> {
  /** One or two words for the documentation, for instance `duration`. */
  readonly name: string;
  /** What is allowed, with an example: `a time, for instance 30 (seconds), "500ms" or "5m"`. */
  readonly allowed: string;
  /** For editors: what TOML may hold. */
  readonly schema: JsonSchema;
  /** Reads what the TOML file holds. */
  read(value: unknown): Reading<T>;
  /** Reads what the environment or the command line holds. */
  readText(text: string): Reading<T>;
  /** The value as TOML. */
  show(value: T): string;
  /** What of a secret of this kind may be shown, as TOML. Default: nothing. */
  redact?(value: T): string;
}

/** The usual fault: not of this kind. */
export function notAllowed(kind: { readonly allowed: string }): { readonly fault: string } {
  return { fault: `must be ${kind.allowed}` };
}
