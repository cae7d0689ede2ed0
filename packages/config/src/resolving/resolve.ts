import type { Entries, Option, Section, Sections, Values } from "../declared/declaration.js";
import { isTable } from "../kinds/is-table.js";
import type { Kind, Reading } from "../kinds/kind.js";
import { headerText, pathText, type Path } from "../file/path.js";
import { problemOf, type Problem } from "../file/problem.js";
import type { TomlFile } from "../file/toml-file.js";
import { redactRefused } from "../file/redact-urls.js";
import { environmentName, flagName } from "./option-names.js";
import { unknownKey } from "./unknown-key.js";
import { hasReference, variableValue, withVariables, type Environment, type MissingReading } from "./variables.js";

/** The sources of values, in ascending precedence. */
export interface Layers {
  file?: TomlFile | undefined;
  env: Environment;
  /** Values of the command line, by the name of their flag: `--listen`. */
  flags?: Readonly<Record<string, string | undefined>>;
  /** The command that the flags belong to: `serve`. */
  command?: string;
}

/** The source of a value. */
export type Origin =
  | { readonly from: "default" }
  | { readonly from: "file"; readonly path: Path }
  | { readonly from: "environment"; readonly name: string }
  | { readonly from: "flag"; readonly name: string };

/** One option with its value. */
export interface ResolvedOption {
  readonly path: Path;
  readonly option: Option<unknown>;
  readonly value: unknown;
  readonly origin: Origin;
}

/** The result of resolving a declaration. A value with a problem is replaced by its default. */
export interface Resolution<E extends Entries> {
  readonly values: Values<E>;
  /** In declaration order. */
  readonly options: readonly ResolvedOption[];
  /** Tables that the file contains, or that the environment or the command line sets values of. */
  readonly sections: readonly { readonly path: Path; readonly section: Section }[];
  readonly problems: readonly Problem[];
  /** Values that need an environment variable that is not set. They are problems unless their table is switched off. */
  readonly missing: readonly MissingVariable[];
}

export interface MissingVariable {
  readonly path: Path;
  readonly problem: Problem;
}

/** Resolves every declared value and collects all problems. `at`: the position of the section in the file. */
export function resolve<E extends Entries>(declared: Section<E>, layers: Layers, at: Path = []): Resolution<E> {
  const resolver = new Resolver(layers);
  const values = resolver.section(declared, layers.file?.values, at) as Values<E>;
  const { options, sections, problems, missing } = resolver;
  return { values, options, sections, problems, missing };
}

/** The maximum number of reported problems. Locating a problem takes time, and nobody reads more. */
const MAX_PROBLEMS = 50;

class Resolver {
  readonly options: ResolvedOption[] = [];
  readonly sections: { path: Path; section: Section }[] = [];
  readonly problems: Problem[] = [];
  readonly missing: MissingVariable[] = [];
  readonly #layers: Layers;

  constructor(layers: Layers) {
    this.#layers = layers;
  }

  /** @param isGuard whether the section is part of one that guards something */
  section(declared: Section, given: unknown, path: Path, isGuard = false): Record<string, unknown> {
    const { shorthand } = declared;
    const guards = isGuard || declared.guards;
    const table = shorthand !== undefined && typeof given === "string" ? { [shorthand]: given } : given;
    if (table !== undefined && !isTable(table)) {
      this.#inFile(
        path,
        `${pathText(path)} must be ${shorthand === undefined ? "" : "a text or "}a table. Write ${headerText(path)}`,
      );
      return this.section(declared, undefined, path, isGuard);
    }
    if (table !== undefined) this.sections.push({ path, section: declared });
    const known = Object.keys(declared.entries);
    for (const name of Object.keys(table ?? {})) if (!known.includes(name)) this.#unknown(name, known, path);

    const before = this.options.length;
    const found = Object.entries(declared.entries).map(([name, entry]): [string, unknown] => {
      const given = table !== undefined && Object.hasOwn(table, name) ? table[name] : undefined;
      const there = [...path, name];
      if (entry.form === "option") return [name, this.#option(entry, given, there, guards)];
      if (entry.form === "section") return [name, this.section(entry, given, there, guards)];
      return [name, this.#list(entry, given, there)];
    });
    const isNamed = this.options
      .slice(before)
      .some(({ origin: { from } }) => from === "environment" || from === "flag");
    if (table === undefined && isNamed) this.sections.push({ path, section: declared });
    return Object.fromEntries(found);
  }

  #list({ each }: Sections, given: unknown, path: Path): unknown[] {
    if (given === undefined) return [];
    if (Array.isArray(given)) return given.map((item, index) => this.section(each, item, [...path, index]));
    this.#inFile(path, `${pathText(path)} must be a list of tables. Write [[${path.join(".")}]]`);
    return [];
  }

  #option(option: Option<unknown>, given: unknown, path: Path, guards: boolean): unknown {
    const { value, origin } = this.#strongest(option, given, path, guards);
    this.options.push({ path, option, value, origin });
    return value;
  }

  #strongest(option: Option<unknown>, given: unknown, path: Path, guards: boolean): { value: unknown; origin: Origin } {
    const { env, flags, command } = this.#layers;
    // Every layer is read, so that an error is reported even if a layer with higher precedence overrides the value.
    const fromFile = given === undefined ? undefined : this.#readFile(option.kind, given, path);
    const name = environmentName(path, option);
    const text = name === undefined ? undefined : variableValue(env, name);
    const fromEnv = text === undefined || text === "" ? undefined : this.#readText(name!, option, text);
    if (guards && text !== undefined && (text.trim() === "" || isEmptyList(fromEnv?.value)))
      this.problems.push(problemOf(`${name} is empty. Give it a value, or unset it: an empty one keeps nobody out.`));
    const flag = option.flagOf === undefined || option.flagOf === command ? flagName(option) : undefined;
    const typed = flag === undefined ? undefined : flags?.[flag];
    const fromFlag = typed === undefined ? undefined : this.#readText(flag!, option, typed);

    if (fromFlag !== undefined) return { ...fromFlag, origin: { from: "flag", name: flag! } };
    if (fromEnv !== undefined) return { ...fromEnv, origin: { from: "environment", name: name! } };
    if (fromFile !== undefined) return { ...fromFile, origin: { from: "file", path } };
    return { value: option.default, origin: { from: "default" } };
  }

  #readFile(kind: Kind<unknown>, given: unknown, path: Path): { value: unknown } | undefined {
    const expanded = this.#expanded(given);
    const reading =
      "fault" in expanded
        ? expanded
        : // The value of a variable is text, even where the option is a number or a boolean.
          typeof given === "string" && hasReference(given)
          ? kind.readText(expanded.value as string)
          : kind.read(expanded.value);
    if ("value" in reading) return reading;
    const message = sentence(pathText(path), reading.fault);
    if (!("variable" in reading)) this.#inFile(path, message);
    else if (this.missing.length < MAX_PROBLEMS) this.missing.push({ path, problem: this.#problem(path, message) });
    return undefined;
  }

  /** Expands references to variables in a value, at any depth. */
  #expanded(given: unknown): Reading<unknown> | MissingReading {
    if (typeof given === "string")
      return hasReference(given) ? withVariables(given, this.#layers.env) : { value: given };
    const isList = Array.isArray(given);
    if (!isList && !isTable(given)) return { value: given };
    const entries: [string, unknown][] = [];
    for (const [name, item] of Object.entries(given)) {
      const expanded = this.#expanded(item);
      if ("fault" in expanded) return expanded;
      entries.push([name, expanded.value]);
    }
    return { value: isList ? entries.map(([, item]) => item) : Object.fromEntries(entries) };
  }

  #readText(name: string, { kind, secret }: Option<unknown>, text: string): { value: unknown } | undefined {
    const reading = kind.readText(text);
    if ("value" in reading) return reading;
    const problem = sentence(name, reading.fault);
    const stop = /[.?]$/.test(problem) ? "" : ".";
    const given = secret ? "" : `${stop} Given: ${JSON.stringify(redactRefused(text).slice(0, 100))}`;
    this.problems.push(problemOf(`${problem}${given}`));
    return undefined;
  }

  #unknown(name: string, known: readonly string[], path: Path): void {
    this.#inFile([...path, name], unknownKey(name, known, path));
  }

  #inFile(path: Path, message: string): void {
    if (this.problems.length < MAX_PROBLEMS) this.problems.push(this.#problem(path, message));
  }

  #problem(path: Path, message: string): Problem {
    return this.#layers.file?.problem(path, message) ?? problemOf(message);
  }
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

function sentence(name: string, fault: string): string {
  return fault.startsWith(",") ? `${name}${fault}` : `${name} ${fault}`;
}
