/** A group of a regular expression that has not ended. */
interface OpenGroup {
  hasQuantifier: boolean;
}

const LOOKAROUND = /^\((?:\?[=!]|\?<[=!])/;
const GROUP_LEAD = /^\((?:\?(?:<[^>]*>|[a-z-]*:))?/;
const QUANTIFIER = /^(?:[*+?]|\{[0-9]+(?:,[0-9]*)?\})\??/;
const BACKREFERENCE = /^\\(?:[1-9]|k)/;
const ESCAPE = /^\\(?:[pPu]\{[^}]*\}|[^])/;
const CLASS = /^\[(?:\\[^]|[^\]\\])*\]/;

/** The flags of all expressions: every match, and characters instead of UTF-16 units. */
export const REGEX_FLAGS = "gu";

/**
 * Why a regular expression is not accepted: it is not valid, or what it contains may need more time than bodies of
 * strangers may take: a backreference, a lookaround, or a quantified group that holds a quantifier.
 */
export function regexFlaw(pattern: string): string | undefined {
  try {
    void new RegExp(pattern, REGEX_FLAGS);
  } catch (error) {
    return `is not a valid regular expression: ${(error as Error).message}`;
  }
  const groups: OpenGroup[] = [{ hasQuantifier: false }];
  let rest = pattern;
  const take = (form: RegExp): boolean => {
    const length = form.exec(rest)?.[0].length ?? 0;
    rest = rest.slice(length);
    return length > 0;
  };
  while (rest !== "") {
    if (BACKREFERENCE.test(rest)) return "contains a backreference, which is not supported";
    if (LOOKAROUND.test(rest)) return "contains a lookahead or lookbehind, which is not supported";
    if (take(ESCAPE) || take(CLASS)) continue;
    if (rest.startsWith("(")) {
      take(GROUP_LEAD);
      groups.push({ hasQuantifier: false });
      continue;
    }
    const ended = rest.startsWith(")") ? groups.pop() : undefined;
    if (ended !== undefined) rest = rest.slice(1);
    const isQuantified = take(QUANTIFIER);
    if (isQuantified && ended?.hasQuantifier === true)
      return "contains a group with a quantifier that has a quantifier itself, as in (a+)*, which is not supported";
    if (isQuantified || ended?.hasQuantifier === true) groups.at(-1)!.hasQuantifier = true;
    if (ended === undefined && !isQuantified) rest = rest.slice(1);
  }
  return undefined;
}
