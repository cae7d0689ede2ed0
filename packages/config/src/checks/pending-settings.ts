import type { ResolvedOption, Resolution } from "../resolving/resolve.js";
import { headerText, pathText, type Path } from "../file/path.js";
import type { Entries } from "../declared/declaration.js";
import type { TomlFile } from "../file/toml-file.js";
import { problemOf, type Problem } from "../file/problem.js";
import { isWithin, Switches } from "./switches.js";

/**
 * Finds settings of features that do not exist yet, below the tables in `within`, except in inner tables with `enabled
 * = false`. Commands refuse to run with them. The tables in `within` count as enabled, because the caller runs them.
 */
export function pendingSettings<E extends Entries>(
  { options, sections }: Resolution<E>,
  file: TomlFile | undefined,
  within: readonly Path[],
): Problem[] {
  const switches = new Switches(options);
  const found: Problem[] = [];
  const report = (path: Path, name: string, feature: string): void => {
    const message = `${name} needs a feature that this version does not support: ${feature}.`;
    found.push(file?.problem(path, message) ?? problemOf(message));
  };
  const reported: Path[] = [];
  // Outer tables come first: one problem for a table covers everything inside it.
  for (const { path, section } of sections.toSorted((one, other) => one.path.length - other.path.length)) {
    const { pending } = section;
    if (pending === undefined) continue;
    if (!switches.concern(path, within) || reported.some((outer) => isWithin(path, outer))) continue;
    reported.push(path);
    report(path, headerText(path), pending);
  }
  for (const each of options) {
    const { path, option } = each;
    if (option.pending === undefined || !isChanged(each)) continue;
    if (!switches.concern(path, within) || reported.some((outer) => isWithin(path, outer))) continue;
    report(path, pathText(path), option.pending);
  }
  return found.toSorted((one, other) => one.line - other.line);
}

/** True for an option that is set to a value other than its default. */
function isChanged({ option, value, origin }: ResolvedOption): boolean {
  return origin.from !== "default" && JSON.stringify(value) !== JSON.stringify(option.default);
}
