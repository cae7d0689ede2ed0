import { linesOf, linesWithout, nameOf } from "../filters/field-lines.js";
import type { FieldEdits } from "./step.js";

/** The edits of two steps: what the later one says of a field replaces what the earlier one says. */
export function joinedEdits(one: FieldEdits, other: FieldEdits): FieldEdits {
  const { refusalFields = one.refusalFields } = other;
  return {
    names: joined(one.names, other.names),
    lines: linesWithout(one.lines, other.names) + other.lines,
    responseLines: linesWithout(one.responseLines ?? "", other.responseNames ?? NONE) + (other.responseLines ?? ""),
    responseNames: joined(one.responseNames ?? NONE, other.responseNames ?? NONE),
    refusalFields: one.refusalFields === undefined ? refusalFields : { ...one.refusalFields, ...refusalFields },
  };
}

const NONE: readonly never[] = [];

function joined(one: readonly string[], other: readonly string[]): readonly string[] {
  return one.length === 0 ? other : other.length === 0 ? one : [...one, ...other];
}

/** What `all` have made of the field `name` (lower case): its value, empty if it is removed; undefined: nothing. */
export function editedValue(all: readonly FieldEdits[], name: string): string | undefined {
  const last = all.findLast(({ names }) => names.includes(name));
  if (last === undefined) return undefined;
  const line = linesOf(last.lines).find((each) => nameOf(each) === name);
  return line === undefined ? "" : line.slice(name.length + 1).trim();
}
