import type { Path } from "../file/path.js";
import { isTable } from "../kinds/is-table.js";

type Table = Record<string, unknown>;

/** Returns the paths of the tables in `values` that match `pattern`: `proxy[].ssl` is that table of every route. */
export function tablesAt(values: Table, pattern: string): Path[] {
  let found: { path: Path; value: unknown }[] = [{ path: [], value: values }];
  for (const part of pattern.split(".")) {
    const isList = part.endsWith("[]");
    const name = isList ? part.slice(0, -2) : part;
    found = found.flatMap(({ path, value }) => {
      const inner = valueAt(value, [name]);
      const there = [...path, name];
      if (!isList) return [{ path: there, value: inner }];
      return Array.isArray(inner) ? inner.map((item, index) => ({ path: [...there, index], value: item })) : [];
    });
  }
  return found.filter(({ value }) => isTable(value)).map(({ path }) => path);
}

/** Returns the value at a path; undefined if there is none. */
export function valueAt(values: unknown, path: Path): unknown {
  let value = values;
  for (const part of path) {
    if (typeof part === "number") value = Array.isArray(value) ? (value as unknown[])[part] : undefined;
    else value = isTable(value) && Object.hasOwn(value, part) ? value[part] : undefined;
  }
  return value;
}

/** Returns a copy without the value at `path`, which exists. */
export function without(values: Table, path: Path): Table {
  return changed(values, path, (table, key) => {
    const { [key]: _, ...rest } = table;
    return rest;
  }) as Table;
}

/** Returns a copy with a value at `path`. Tables on the way are created, and replace values that are no tables. */
export function withValue(values: Table, path: Path, value: unknown): Table {
  return changed(values, path, (table, key) => ({ ...table, [key]: value })) as Table;
}

function changed(container: unknown, path: Path, change: (table: Table, key: string) => Table): unknown {
  const [part, ...rest] = path;
  if (typeof part === "number") {
    const list = Array.isArray(container) ? [...(container as unknown[])] : [];
    list[part] = changed(list[part], rest, change);
    return list;
  }
  const table = isTable(container) ? container : {};
  if (rest.length === 0) return change(table, part as string);
  return { ...table, [part as string]: changed(valueAt(table, [part as string]), rest, change) };
}
