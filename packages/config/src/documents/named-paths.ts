import { CONFIGURATION } from "../declared/configuration.js";
import type { Path } from "../file/path.js";
import { TomlFile } from "../file/toml-file.js";
import { addressSources, isAddressFile } from "../kinds/address-source.js";
import { filePath } from "../kinds/file-path.js";
import { isTable } from "../kinds/is-table.js";
import { translated } from "../older/older-file.js";
import { resolve, type ResolvedOption } from "../resolving/resolve.js";
import { withVariables, type Environment } from "../resolving/variables.js";

/** The path of a file or folder that an option names. */
export interface NamedPath {
  readonly option: Path;
  readonly value: string;
}

/** The names of options that hold a path, also in versions that this one does not know. */
const PATH_OPTION = /_(?:file|files|dir|directory|cert|key)$/;
const ASSIGNMENT = /([\w-]+)["']?\s*=\s*(?:"([^"\n]*)"|'([^'\n]*)')/g;

/** Lines that name the pages that are sent, which are no secrets. */
const PAGES = /^\s*["']?(?:index|fallback)["']?\s*=/;
/** Texts of one file that count, and the characters of each. */
const MOST_TEXTS = 10_000;
const LONGEST_TEXT = 4_096;

/** What a configuration file names. */
export interface NamedInFile {
  /** Paths, as they are written there. */
  readonly paths: string[];
  /** Of a file with mistakes: texts of which any may be a path. */
  readonly texts: string[];
}

/** Returns the paths of files and folders that options name, except the folders of files to serve. */
export function namedPaths(options: readonly ResolvedOption[]): NamedPath[] {
  return options.flatMap(({ path, option, value }) =>
    filesOf(option.kind, value).map((file) => ({ option: path, value: file })),
  );
}

function filesOf(kind: unknown, value: unknown): string[] {
  if (kind === addressSources) return (value as string[]).filter(isAddressFile);
  return kind === filePath && typeof value === "string" && value !== "" ? [value] : [];
}

/**
 * Returns what a configuration file names. A file that this version would refuse has secrets too: every text that an
 * option with the name of a path sets counts as a path, and every other one may be one.
 */
export async function pathsNamedIn(bytes: Uint8Array, env: Environment): Promise<NamedInFile> {
  const found = new Set<string>();
  let texts: string[] = [];
  try {
    const file = await TomlFile.read("file", bytes);
    const { options } = resolve(CONFIGURATION, { file: translated(file).file, env });
    const inFile = options.filter(({ origin }) => origin.from === "file");
    for (const { value } of namedPaths(inFile)) found.add(value);
    addUnknown(file.values, found);
  } catch {
    const content = new TextDecoder().decode(bytes);
    for (const [, name = "", double, single] of content.matchAll(ASSIGNMENT))
      if (PATH_OPTION.test(name)) found.add(double ?? single ?? "");
    texts = textsIn(content, env);
  }
  found.delete("");
  return { paths: [...found], texts };
}

/** The texts between any two quotes of a line, and the words of a value, because quotes may be missing. */
function textsIn(content: string, env: Environment): string[] {
  const found = new Set<string>();
  const add = (text: string): void => {
    if (text === "" || text.length > LONGEST_TEXT || found.size >= MOST_TEXTS) return;
    found.add(text);
    if (text.includes("\\")) found.add(unescaped(text));
    const filled = withVariables(text, env);
    if ("value" in filled) found.add(filled.value);
  };
  for (const line of content.split(/\r\n?|\n/)) {
    if (PAGES.test(line)) continue;
    for (const text of line.split(/["']+/)) add(text.trim());
    for (const word of line.slice(line.indexOf("=") + 1).split(/[\s"'=,[\]#]+/)) add(word);
  }
  return [...found];
}

function unescaped(text: string): string {
  try {
    return String(JSON.parse(`"${text}"`));
  } catch {
    return text;
  }
}

function addUnknown(values: unknown, found: Set<string>): void {
  if (Array.isArray(values)) return values.forEach((each) => addUnknown(each, found));
  if (!isTable(values)) return;
  for (const [name, value] of Object.entries(values)) {
    const texts = Array.isArray(value) ? (value as unknown[]) : [value];
    if (PATH_OPTION.test(name)) for (const text of texts) if (typeof text === "string") found.add(text);
    addUnknown(value, found);
  }
}
