import { isTable } from "./is-table.js";
import { notAllowed, pluralName, type Kind, type Reading } from "./kind.js";

const MAX_ENTRIES = 100;

export interface NameRule {
  pattern: RegExp;
  /** For messages, for instance `a valid header name`. */
  what: string;
}

/**
 * A table with names that the user chooses and values of one kind. In the environment: `name=value`, separated by
 * commas.
 * @param named the rule for names. Default: any name.
 */
export function table<T>(of: Kind<T>, named?: NameRule): Kind<Record<string, T>> {
  const kind: Kind<Record<string, T>> = {
    name: `table of ${pluralName(of)}`,
    allowed: `a table, for instance { "name" = … }; each value ${of.allowed}`,
    schema: { type: "object", additionalProperties: of.schema },
    read: (value) => (isTable(value) ? entries(Object.entries(value), of.read.bind(of), named) : notAllowed(kind)),
    readText(text) {
      const pairs = text.split(",").map((pair) => pair.split("="));
      if (pairs.some(({ length }) => length < 2))
        return { fault: "must consist of name=value pairs, separated by commas" };
      return entries(
        pairs.map(([name = "", ...rest]) => [name.trim(), rest.join("=").trim()] as const),
        of.readText.bind(of),
        named,
      );
    },
    show: (value) =>
      Object.keys(value).length === 0
        ? "{}"
        : `{ ${Object.entries(value)
            .map(([name, item]) => `${JSON.stringify(name)} = ${of.show(item)}`)
            .join(", ")} }`,
  };
  return kind;
}

/** Any value. */
export function anything(): Kind<unknown> {
  return {
    name: "any value",
    allowed: "any value",
    schema: {},
    read: (value) => ({ value }),
    readText: (value) => ({ value }),
    show: (value) => JSON.stringify(value) ?? '""',
  };
}

function entries<A, T>(
  given: readonly (readonly [string, A])[],
  read: (item: A) => Reading<T>,
  named: NameRule | undefined,
): Reading<Record<string, T>> {
  if (given.length > MAX_ENTRIES) return { fault: `must have at most ${MAX_ENTRIES} entries` };
  const found: [string, T][] = [];
  for (const [name, item] of given) {
    if (named?.pattern.test(name) === false) return { fault: `, ${JSON.stringify(name)}, must be ${named.what}` };
    const reading = read(item);
    if ("fault" in reading) return { fault: `, "${name}", ${reading.fault}` };
    found.push([name, reading.value]);
  }
  // fromEntries defines own properties, so a name like __proto__ is an ordinary name.
  return { value: Object.fromEntries(found) };
}
