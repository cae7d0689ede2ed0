import type { ResolvedOption, Resolution } from "./resolve.js";
import { headerText, pathText, type Path } from "./path.js";
import type { Entries } from "./declaration.js";
import type { TomlFile } from "./toml-file.js";
import { problemOf, type Problem } from "./problem.js";

/** What the configuration asks for and nothing does. */
export interface Unbuilt {
  /** Parts that aren't there yet: who runs this configuration would run half of it. */
  pending: Problem[];
  /** Options that are only there so that old files stay valid. */
  ignored: Problem[];
}

/** Its `enabled` is told apart from that of the table around it: who switches the client off may still run the server. */
const SERVER: Path = ["tunnel", "server"];

/**
 * Looks for such options below `within`; what is switched off asks for nothing. Who names a table runs it: only what is inside can be off.
 */
export function unbuilt<E extends Entries>(
  { options, sections }: Resolution<E>,
  file: TomlFile | undefined,
  within: readonly Path[],
): Unbuilt {
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

  const found: Unbuilt = { pending: [], ignored: [] };
  const told: Path[] = [];
  // The outer first: it is told for all that is inside.
  for (const { path, section } of sections.toSorted((one, other) => one.path.length - other.path.length)) {
    if (!concerned(path) || told.some((outer) => isWithin(path, outer))) continue;
    const { pending, ignored } = section;
    if (pending === undefined && ignored === undefined) continue;
    told.push(path);
    if (pending !== undefined) found.pending.push(problem(path, notBuilt(headerText(path), pending)));
    else found.ignored.push(problem(path, `${headerText(path)} does nothing: ${ignored}.`));
  }
  for (const each of options) {
    const { path, option } = each;
    if (!isAsked(each) || !concerned(path) || told.some((outer) => isWithin(path, outer))) continue;
    if (option.pending !== undefined) found.pending.push(problem(path, notBuilt(pathText(path), option.pending)));
    if (option.ignored !== undefined)
      found.ignored.push(problem(path, `${pathText(path)} does nothing: ${option.ignored}.`));
  }
  const inOrder = (problems: Problem[]): Problem[] => problems.toSorted((one, other) => one.line - other.line);
  return { pending: inOrder(found.pending), ignored: inOrder(found.ignored) };
}

function notBuilt(name: string, part: string): string {
  return `${name} asks for ${part}, which this version does not have yet.`;
}

/** Whether it was set to something else than what happens anyway. */
function isAsked({ option, value, origin }: ResolvedOption): boolean {
  return origin.from !== "default" && JSON.stringify(value) !== JSON.stringify(option.default);
}

function isWithin(path: Path, outer: Path): boolean {
  return outer.every((part, index) => path[index] === part);
}
