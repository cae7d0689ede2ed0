import { CONFIGURATION } from "../declared/configuration.js";
import type { Path } from "../file/path.js";
import { TomlFile } from "../file/toml-file.js";
import { filePath } from "../kinds/file-path.js";
import { isTable } from "../kinds/is-table.js";
import { translated } from "../older/older-file.js";
import { resolve, type ResolvedOption } from "../resolving/resolve.js";
import type { Environment } from "../resolving/variables.js";

/** The path of a file or folder that an option names. */
export interface NamedPath {
  readonly option: Path;
  readonly value: string;
}

/** The names of options that hold a path, also in versions that this one does not know. */
const PATH_OPTION = /_(?:file|files|dir|directory|cert|key)$/;
const ASSIGNMENT = /([\w-]+)["']?\s*=\s*(?:"([^"\n]*)"|'([^'\n]*)')/g;

/** Returns the paths of files and folders that options name, except the folders of files to serve. */
export function namedPaths(options: readonly ResolvedOption[]): NamedPath[] {
  return options.flatMap(({ path, option, value }) =>
    option.kind === filePath && typeof value === "string" && value !== "" ? [{ option: path, value }] : [],
  );
}

/**
 * Returns the paths that a configuration file names, as they are written there. A file that this version would refuse
 * has secrets too: every text that an option with the name of a path sets counts.
 */
export async function pathsNamedIn(bytes: Uint8Array, env: Environment): Promise<string[]> {
  const found = new Set<string>();
  try {
    const file = await TomlFile.read("file", bytes);
    const { options } = resolve(CONFIGURATION, { file: translated(file).file, env });
    const inFile = options.filter(({ origin }) => origin.from === "file");
    for (const { value } of namedPaths(inFile)) found.add(value);
    addUnknown(file.values, found);
  } catch {
    for (const [, name = "", double, single] of new TextDecoder().decode(bytes).matchAll(ASSIGNMENT))
      if (PATH_OPTION.test(name)) found.add(double ?? single ?? "");
  }
  found.delete("");
  return [...found];
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
