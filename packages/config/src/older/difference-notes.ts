import type { Problem } from "../file/problem.js";
import { DIFFERENCES, type DifferenceNote, type OlderSettings } from "./differences.js";

/**
 * Notes about settings that mean something else than in the older program, in the order of the file. Authors of a file
 * that may be of either program get one note for each topic, without a comparison.
 * @param problem makes the problem at the place of a note
 */
export function differenceNotes(
  settings: OlderSettings,
  isOlder: boolean,
  problem: (note: DifferenceNote, message: string) => Problem,
): Problem[] {
  return DIFFERENCES.flatMap(({ notes }) => {
    const found = [...(notes?.(settings) ?? [])];
    if (isOlder) return found.map((note) => problem(note, note.compared));
    const [first, ...others] = found;
    if (first === undefined) return [];
    const lines = others.map((note) => problem(note, note.message).line).toSorted((one, other) => one - other);
    return [problem(first, `${first.message}${seeAlso(lines)}`)];
  }).toSorted((one, other) => one.line - other.line);
}

function seeAlso(lines: readonly number[]): string {
  const [last] = lines.slice(-1);
  if (last === undefined) return "";
  if (lines.length === 1) return ` See also line ${last}.`;
  return ` See also lines ${lines.slice(0, -1).join(", ")} and ${last}.`;
}
