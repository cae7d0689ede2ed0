import type { Kind } from "../kinds/kind.js";

/** The single declaration of an option, which reading, checks, help and documentation use. */
export interface Option<T> {
  readonly form: "option";
  readonly kind: Kind<unknown>;
  /** One or two sentences that make sense alone: unit, what zero means, what happens beyond the limit. */
  readonly doc: string;
  /** Undefined: the option has no default and may be absent. */
  readonly default: T;
  /** Whether the value is secret, and never shown. */
  readonly secret: boolean;
  /** Environment variable, if it is not the one derived from the path. */
  readonly env: string | undefined;
  /** Command-line flag, for instance `--listen <host:port>`. */
  readonly flag: string | undefined;
  /** For a flag without an argument: the value that it sets, as text. Default `true`, and `false` for `--no-…`. */
  readonly flagSets: string | undefined;
  /** Help text of the flag, if it differs from `doc`. */
  readonly flagDoc: string | undefined;
  /** The missing feature, for an option that this version does not support yet. */
  readonly pending: string | undefined;
  /** The command that has the flag, if another command has the same flag for another option. */
  readonly flagOf: string | undefined;
  /** Value in a starting file, as TOML. */
  readonly example: string | undefined;
}

/** A table of options. */
export interface Section<E extends Entries = Entries> {
  readonly form: "section";
  readonly doc: string;
  readonly entries: E;
  /** The missing feature, for a table that this version does not support yet. */
  readonly pending: string | undefined;
  /** The option that a text sets which stands in place of the table. Undefined: only a table is accepted. */
  readonly shorthand: string | undefined;
  /** Whether its options keep visitors out, so that an empty environment variable is a mistake and not the default. */
  readonly guards: boolean;
  /** What is missing in the table if it sets nothing. Undefined: it may be empty. */
  readonly emptyFault: string | undefined;
}

/** A table that may occur several times: `[[name]]`. */
export interface Sections<E extends Entries = Entries> {
  readonly form: "sections";
  readonly each: Section<E>;
}

export type Entry = Option<unknown> | Section | Sections;
export interface Entries {
  readonly [name: string]: Entry;
}

/** The type of a declaration's values. */
export type Values<E extends Entries> = {
  -readonly [K in keyof E]: E[K] extends Option<infer T>
    ? T
    : E[K] extends Section<infer I>
      ? Values<I>
      : E[K] extends Sections<infer I>
        ? Values<I>[]
        : never;
};

type OptionDetails = Partial<
  Pick<Option<unknown>, "secret" | "env" | "flag" | "flagSets" | "flagDoc" | "flagOf" | "pending" | "example">
>;

/** Declares an option with a default: it always has a value. */
export function option<T>(kind: Kind<T>, doc: string, details: OptionDetails & { default: NoInfer<T> }): Option<T>;
/** Declares an option without a default: its value may be undefined. */
export function option<T>(kind: Kind<T>, doc: string, details?: OptionDetails): Option<T | undefined>;
export function option<T>(
  kind: Kind<T>,
  doc: string,
  details: OptionDetails & { default?: T } = {},
): Option<T | undefined> {
  return {
    form: "option",
    kind: kind as Kind<unknown>,
    doc,
    default: details.default,
    secret: details.secret ?? false,
    env: details.env,
    flag: details.flag,
    flagSets: details.flagSets,
    flagDoc: details.flagDoc,
    pending: details.pending,
    flagOf: details.flagOf,
    example: details.example,
  };
}

type SectionDetails<E extends Entries> = Partial<Pick<Section, "pending" | "guards" | "emptyFault">> & {
  shorthand?: keyof E & string;
};

export function section<E extends Entries>(doc: string, entries: E, details: SectionDetails<E> = {}): Section<E> {
  const { pending, shorthand, guards = false, emptyFault } = details;
  return { form: "section", doc, entries, pending, shorthand, guards, emptyFault };
}

export function sections<E extends Entries>(doc: string, entries: E, details: SectionDetails<E> = {}): Sections<E> {
  return { form: "sections", each: section(doc, entries, details) };
}
