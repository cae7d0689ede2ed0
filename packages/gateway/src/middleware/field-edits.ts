import type { FieldEdits } from "./step.js";

/** The edits of two steps: what the later one says of a field replaces what the earlier one says. */
export function joinedEdits(one: FieldEdits, other: FieldEdits): FieldEdits {
  const kept = linesOf(one.lines).filter((line) => !other.names.includes(nameOf(line)));
  return {
    names: [...one.names, ...other.names],
    lines: kept.map((line) => `${line}\r\n`).join("") + other.lines,
    responseLines: (one.responseLines ?? "") + (other.responseLines ?? ""),
    responseNames: [...(one.responseNames ?? []), ...(other.responseNames ?? [])],
    refusalFields: { ...one.refusalFields, ...other.refusalFields },
  };
}

/** What `all` have made of the field `name` (lower case): its value, empty if it is removed; undefined: nothing. */
export function editedValue(all: readonly FieldEdits[], name: string): string | undefined {
  const last = all.findLast(({ names }) => names.includes(name));
  if (last === undefined) return undefined;
  const line = linesOf(last.lines).find((each) => nameOf(each) === name);
  return line === undefined ? "" : line.slice(name.length + 1).trim();
}

function linesOf(lines: string): string[] {
  return lines.split("\r\n").filter((line) => line !== "");
}

function nameOf(line: string): string {
  return line.slice(0, line.indexOf(":")).toLowerCase();
}
