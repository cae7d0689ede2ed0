import { basename } from "node:path";
import { CONFIGURATION } from "../declared/configuration.js";
import type { Section } from "../declared/declaration.js";
import { pathText, type Path } from "../file/path.js";
import type { Problem } from "../file/problem.js";
import type { TomlFile } from "../file/toml-file.js";
import { unknownKey } from "../resolving/unknown-key.js";
import { tablesAt, valueAt, withValue, without } from "./edit.js";
import { OLDER_NAMES } from "./older-names.js";
import { OPTIONS_WITHOUT_EFFECT, type WithoutEffect } from "./options-without-effect.js";

/** The default name of a file of the older program. */
const OLDER_FILE = "app_config.toml";

/** Options in a file that have no effect. */
export interface Finding {
  readonly path: Path;
  readonly problem: Problem;
}

/** A file with the options of the older program replaced by those of today. */
export interface OlderFile {
  readonly file: TomlFile;
  /** Whether the file has the name of the older program's file, or contains one of its options. */
  readonly isOlder: boolean;
  readonly withoutEffect: readonly Finding[];
  readonly problems: readonly Problem[];
}

/** Translates a file of the older program. A file without its options stays as it is. */
export function translated(file: TomlFile): OlderFile {
  const translation = new Translation(file);
  translation.rename();
  translation.dropOptionsWithoutEffect();
  translation.dropOlderTables();
  return translation.result();
}

class Translation {
  readonly #file: TomlFile;
  #values: Record<string, unknown>;
  readonly #origins = new Map<string, Path>();
  readonly #withoutEffect: Finding[] = [];
  readonly #problems: Problem[] = [];

  constructor(file: TomlFile) {
    this.#file = file;
    this.#values = file.values;
  }

  result(): OlderFile {
    const hasOlderOptions = this.#values !== this.#file.values;
    return {
      file: hasOlderOptions ? this.#file.renamed(this.#values, this.#origins) : this.#file,
      isOlder: hasOlderOptions || basename(this.#file.name) === OLDER_FILE,
      withoutEffect: this.#withoutEffect,
      problems: this.#problems,
    };
  }

  rename(): void {
    for (const { path, sets, convert } of OLDER_NAMES) {
      const [pattern, key] = split(path);
      for (const table of tablesAt(this.#values, pattern)) {
        const from = [...table, key];
        const given = valueAt(this.#values, from);
        if (given === undefined) continue;
        this.#values = without(this.#values, from);
        const to = this.#target(sets, table);
        const value = convert === undefined ? given : convert(given);
        if (value === undefined)
          this.#problems.push(
            this.#file.problem(from, `${pathText(from)} must be a number. You can set ${pathText(to)} instead.`),
          );
        else if (valueAt(this.#values, to) === undefined) this.#set(to, value, from);
        else {
          const message = `${pathText(from)} has no effect, because ${to.at(-1)}, its new name, is also set. Remove one of them.`;
          this.#withoutEffect.push({ path: from, problem: this.#file.problem(from, message) });
        }
      }
    }
  }

  #set(to: Path, value: unknown, from: Path): void {
    for (let length = to.length; valueAt(this.#file.values, to.slice(0, length)) === undefined; length--) {
      const place = pathText(to.slice(0, length));
      if (!this.#origins.has(place)) this.#origins.set(place, from);
    }
    this.#values = withValue(this.#values, to, value);
  }

  /** The path of an option in the same table of a list as `table`. */
  #target(sets: string, table: Path): Path {
    const indexes = table.filter((part) => typeof part === "number");
    return sets.split(".").flatMap((part, position, parts) => {
      const name = part.replace(/\[.?\]$/, "");
      if (part.endsWith("[]")) return [name, indexes.shift() as number];
      if (!part.endsWith("[+]")) return [part];
      const list = valueAt(this.#file.values, [...parts.slice(0, position), name]);
      return [name, Array.isArray(list) ? list.length : 0];
    });
  }

  dropOptionsWithoutEffect(): void {
    for (const option of OPTIONS_WITHOUT_EFFECT)
      for (const table of tablesAt(this.#values, option.table)) {
        const given = option.keys.filter((key) => valueAt(this.#values, [...table, key]) !== undefined);
        const harmful = given.filter((key) => option.isHarmless?.(valueAt(this.#values, [...table, key])) !== true);
        for (const key of given) this.#values = without(this.#values, [...table, key]);
        const [first] = harmful;
        if (first === undefined) continue;
        const path = [...table, first];
        const problem = this.#file.problem(path, messageAbout(harmful, table, option));
        this.#withoutEffect.push({ path, problem });
      }
  }

  /** Removes the tables that only the older program has. An unknown key in one of them is an error. */
  dropOlderTables(): void {
    for (const name of OLDER_TABLES)
      for (const table of tablesAt(this.#values, name)) {
        const known = [...OPTIONS_WITHOUT_EFFECT, ...OLDER_NAMES.map(({ path }) => namesOf(path))];
        const keys = known.filter((each) => each.table === name).flatMap((each) => each.keys);
        for (const key of Object.keys(valueAt(this.#values, table) as object))
          this.#problems.push(this.#file.problem([...table, key], unknownKey(key, keys, table)));
        this.#values = without(this.#values, table);
      }
  }
}

/** Tables that only the older program has; an inner table precedes its outer table. */
const OLDER_TABLES = olderTables();

function olderTables(): string[] {
  const tables = [
    ...OPTIONS_WITHOUT_EFFECT.map(({ table }) => table),
    ...OLDER_NAMES.map(({ path }) => split(path)[0]),
  ];
  return [...new Set(tables)].filter((table) => !isDeclared(table)).toSorted((one, other) => other.length - one.length);
}

function isDeclared(table: string): boolean {
  let section: Section = CONFIGURATION;
  for (const part of table.split(".")) {
    const entry = section.entries[part.replace("[]", "")];
    if (entry === undefined || entry.form === "option") return false;
    section = entry.form === "section" ? entry : entry.each;
  }
  return true;
}

/** Splits `proxy[].ssl.cert_file` into its table and its key. */
function split(path: string): [table: string, key: string] {
  const end = path.lastIndexOf(".");
  return [path.slice(0, end), path.slice(end + 1)];
}

function namesOf(path: string): { table: string; keys: readonly string[] } {
  const [table, key] = split(path);
  return { table, keys: [key] };
}

function messageAbout(keys: readonly string[], table: Path, { because, meant }: WithoutEffect): string {
  const names = `${keys.join(", ")} in ${tableText(table)}`;
  const consequence = `${names} ${keys.length === 1 ? "has" : "have"} no effect`;
  return meant === undefined ? `${consequence}: ${because}.` : `${consequence}. Did you mean ${meant}?`;
}

function tableText(table: Path): string {
  return typeof table.at(-1) === "number" ? pathText(table) : `[${pathText(table)}]`;
}
