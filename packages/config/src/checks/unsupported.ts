import type { ResolvedOption, Resolution } from "../resolving/resolve.js";
import { headerText, pathText, type Path } from "../file/path.js";
import type { Entries } from "../declared/declaration.js";
import type { TomlFile } from "../file/toml-file.js";
import { problemOf, type Problem } from "../file/problem.js";

/** Settings of a configuration that have no effect in this version. */
export interface Unsupported {
  /** Settings of features that do not exist yet. Commands refuse to run with them. */
  pending: Problem[];
  /** Settings that are accepted so that old files stay valid. Commands only warn about them. */
  ignored: Problem[];
}

/** `enabled = false` in `[tunnel]` switches off the client, not this table inside it. */
const SERVER: Path = ["tunnel", "server"];

/**
 * Finds settings without effect below the tables in `within`, except in inner tables with `enabled = false`. The tables
 * in `within` count as enabled, because the caller runs them.
 */
export function unsupported<E extends Entries>(
  { options, sections }: Resolution<E>,
  file: TomlFile | undefined,
  within: readonly Path[],
): Unsupported {
  const off = options
    .filter(({ path, value }) => path.at(-1) === "enabled" && value === false)
    .map(({ path }) => path.slice(0, -1));
  const isOff = (path: Path, root: Path): boolean =>
    off.some(
      (section) =>
        section.length > root.length &&
        isWithin(path, section) &&
        (section.length >= SERVER.length || !isWithin(path, SERVER)),
    );
  const concerned = (path: Path): boolean => within.some((root) => isWithin(path, root) && !isOff(path, root));
  const problem = (path: Path, message: string): Problem => file?.problem(path, message) ?? problemOf(message);

  const found: Unsupported = { pending: [], ignored: [] };
  const reported: Path[] = [];
  // Outer tables come first: one problem for a table covers everything inside it.
  for (const { path, section } of sections.toSorted((one, other) => one.path.length - other.path.length)) {
    if (!concerned(path) || reported.some((outer) => isWithin(path, outer))) continue;
    const { pending, ignored } = section;
    if (pending === undefined && ignored === undefined) continue;
    reported.push(path);
    if (pending !== undefined) found.pending.push(problem(path, notSupported(headerText(path), pending)));
    else found.ignored.push(problem(path, `${headerText(path)} has no effect: ${ignored}.`));
  }
  for (const each of options) {
    const { path, option } = each;
    if (!isChanged(each) || !concerned(path) || reported.some((outer) => isWithin(path, outer))) continue;
    if (option.pending !== undefined) found.pending.push(problem(path, notSupported(pathText(path), option.pending)));
    if (option.ignored !== undefined)
      found.ignored.push(problem(path, `${pathText(path)} has no effect: ${option.ignored}.`));
  }
  const inOrder = (problems: Problem[]): Problem[] => problems.toSorted((one, other) => one.line - other.line);
  return { pending: inOrder(found.pending), ignored: inOrder(found.ignored) };
}

function notSupported(name: string, feature: string): string {
  return `${name} needs a feature that this version does not support: ${feature}.`;
}

/** True for an option that is set to a value other than its default. */
function isChanged({ option, value, origin }: ResolvedOption): boolean {
  return origin.from !== "default" && JSON.stringify(value) !== JSON.stringify(option.default);
}

function isWithin(path: Path, outer: Path): boolean {
  return outer.every((part, index) => path[index] === part);
}
