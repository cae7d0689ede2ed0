import type { Kind } from "./kind.js";

/** One option, said once: everything about it, wherever it is read, checked, shown or documented, comes from here. */
export interface Option<T> {
  readonly form: "option";
  readonly kind: Kind<unknown>;
  /** One or two sentences for people. */
  readonly doc: string;
  /** Undefined: it has none, and may be absent. */
  readonly default: T;
  /** Never shown. */
  readonly secret: boolean;
  /** A shorter name in the environment than its path. */
  readonly env: string | undefined;
  /** As the command line has it, for instance `--listen <host:port>`. */
  readonly flag: string | undefined;
  /** What the flag does, where that is not the same as what the option says. */
  readonly flagDoc: string | undefined;
  /** What it waits for, when nothing acts on it yet. */
  readonly pending: string | undefined;
  /** Kept so that old files stay valid; it never acts. Says why. */
  readonly ignored: string | undefined;
  /** The value in a starting file, as TOML. */
  readonly example: string | undefined;
}

/** A table of options. */
export interface Section<E extends Entries = Entries> {
  readonly form: "section";
  readonly doc: string;
  readonly entries: E;
  /** What all of it waits for. */
  readonly pending: string | undefined;
  readonly ignored: string | undefined;
}

/** A table that may be there several times: `[[name]]`. */
export interface Sections<E extends Entries = Entries> {
  readonly form: "sections";
  readonly each: Section<E>;
  /** Says which one is meant where a person reads it. */
  readonly label: string | undefined;
}

export type Entry = Option<unknown> | Section | Sections;
export interface Entries {
  readonly [name: string]: Entry;
}

/** What a declaration's values look like. */
export type Values<E extends Entries> = {
  -readonly [K in keyof E]: E[K] extends Option<infer T>
    ? T
    : E[K] extends Section<infer I>
      ? Values<I>
      : E[K] extends Sections<infer I>
        ? Values<I>[]
        : never;
};

type OptionWords = Partial<
  Pick<Option<unknown>, "secret" | "env" | "flag" | "flagDoc" | "pending" | "ignored" | "example">
>;

/** An option with a default: it always has a value. */
export function option<T>(kind: Kind<T>, doc: string, words: OptionWords & { default: NoInfer<T> }): Option<T>;
/** An option without one: its value may be undefined. */
export function option<T>(kind: Kind<T>, doc: string, words?: OptionWords): Option<T | undefined>;
export function option<T>(
  kind: Kind<T>,
  doc: string,
  words: OptionWords & { default?: T } = {},
): Option<T | undefined> {
  return {
    form: "option",
    kind: kind as Kind<unknown>,
    doc,
    default: words.default,
    secret: words.secret ?? false,
    env: words.env,
    flag: words.flag,
    flagDoc: words.flagDoc,
    pending: words.pending,
    ignored: words.ignored,
    example: words.example,
  };
}

export function section<E extends Entries>(
  doc: string,
  entries: E,
  words: Partial<Pick<Section, "pending" | "ignored">> = {},
): Section<E> {
  return { form: "section", doc, entries, pending: words.pending, ignored: words.ignored };
}

export function sections<E extends Entries>(
  doc: string,
  entries: E,
  words: Partial<Pick<Section, "pending">> & { label?: string } = {},
): Sections<E> {
  return { form: "sections", each: section(doc, entries, words), label: words.label };
}
