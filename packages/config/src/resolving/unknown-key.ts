import { headerText, type Path } from "../file/path.js";
import { nearest } from "../kinds/nearest.js";

/** The message about a key of `table` that does not exist, with the name that it most likely misspells. */
export function unknownKey(name: string, known: readonly string[], table: Path): string {
  const close = nearest(name, known);
  const advice = close === undefined ? `Known keys: ${known.join(", ")}.` : `Did you mean "${close}"?`;
  return `${JSON.stringify(name.slice(0, 100))} is not a key of ${headerText(table)}. ${advice}`;
}
