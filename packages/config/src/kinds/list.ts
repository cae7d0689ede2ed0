import { notAllowed, pluralName, type Kind, type Reading } from "./kind.js";

const MAX_ENTRIES = 1_000;

/** A list of values of one kind. In the environment and on the command line, commas separate the entries. */
export function list<T>(of: Kind<T>): Kind<T[]> {
  const kind: Kind<T[]> = {
    name: `list of ${pluralName(of)}`,
    allowed: `a list; each entry ${of.allowed}`,
    schema: { type: "array", items: of.schema },
    read: (value) => (Array.isArray(value) ? all(value, of.read.bind(of)) : notAllowed(kind)),
    readText: (text) =>
      all(
        text
          .split(",")
          .map((part) => part.trim())
          .filter((part) => part !== ""),
        of.readText.bind(of),
      ),
    show: (value) => `[${value.map((item) => of.show(item)).join(", ")}]`,
  };
  return kind;
}

function all<A, T>(given: readonly A[], read: (item: A) => Reading<T>): Reading<T[]> {
  if (given.length > MAX_ENTRIES) return { fault: `must have at most ${MAX_ENTRIES} entries` };
  const value: T[] = [];
  for (const [index, item] of given.entries()) {
    const reading = read(item);
    if ("fault" in reading) return { fault: `, entry ${index + 1}, ${reading.fault}` };
    value.push(reading.value);
  }
  return { value };
}
