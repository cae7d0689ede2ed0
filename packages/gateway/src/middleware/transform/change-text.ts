/** A rule as its thread gets it. */
export interface ThreadRule {
  readonly find: string;
  readonly replace: string;
  readonly isRegex: boolean;
}

/** A body in UTF-8, and what is to be done to it. */
export interface TextTask {
  readonly body: Uint8Array;
  readonly rules: readonly ThreadRule[];
  readonly flags: string;
  /** The most bytes that the body may have in the end. */
  readonly most: number;
}

/** What became of it: the changed body, or why there is none. */
export type TextAnswer = Uint8Array | "form" | "size";

/** An expression is compiled once. */
const EXPRESSIONS = new Map<string, RegExp>();
const MOST_EXPRESSIONS = 100;
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function expression(find: string, flags: string): RegExp {
  let found = EXPRESSIONS.get(find);
  if (found === undefined) {
    if (EXPRESSIONS.size === MOST_EXPRESSIONS) EXPRESSIONS.clear();
    EXPRESSIONS.set(find, (found = new RegExp(find, flags)));
  }
  return found;
}

/** Applies the rules, each to what the one before it made of the text. */
export function changeText({ body, rules, flags, most }: TextTask): TextAnswer {
  let text: string;
  try {
    text = UTF8.decode(body);
  } catch {
    return "form";
  }
  for (const { find, replace, isRegex } of rules) {
    try {
      text = isRegex ? text.replace(expression(find, flags), replace) : text.replaceAll(find, () => replace);
    } catch {
      // The longest string is shorter than what would become of it.
      return "size";
    }
    if (text.length > most) return "size";
  }
  const changed = Buffer.from(text);
  return changed.length > most ? "size" : changed;
}
