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

/** One value, or a list of them. In the environment and on the command line, it is one: a secret may have commas. */
export function oneOrMore<T>(of: Kind<T>): Kind<T[]> {
  const several = list(of);
  const kind: Kind<T[]> = {
    name: `${of.name} or ${several.name}`,
    allowed: `${of.allowed}, or ${several.allowed}`,
    schema: { anyOf: [of.schema, several.schema] },
    read: (value) => several.read(Array.isArray(value) ? value : [value]),
    readText(text) {
      const reading = of.readText(text);
      return "fault" in reading ? reading : { value: [reading.value] };
    },
    show: (values) => (values.length === 1 ? of.show(values[0]!) : several.show(values)),
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
