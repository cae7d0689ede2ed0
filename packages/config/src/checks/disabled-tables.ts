import type { Section } from "../declared/declaration.js";
import { headerText, pathText, type Path } from "../file/path.js";
import { problemOf, type Problem } from "../file/problem.js";
import type { TomlFile } from "../file/toml-file.js";
import type { ResolvedOption } from "../resolving/resolve.js";

/** `postern server` runs this table, whatever its `enabled`. */
const RUN_BY_COMMAND = "tunnel.server";

/**
 * Returns a warning for each table that sets options but not `enabled`, without which they have no effect. A table
 * inside one that is switched off needs none.
 */
export function disabledTables(
  options: readonly ResolvedOption[],
  sections: readonly { path: Path; section: Section }[],
  file: TomlFile | undefined,
): Problem[] {
  // Files have thousands of options, so each is looked at once.
  const switches = new Map(
    options.filter(({ path }) => path.at(-1) === "enabled").map((each) => [pathText(each.path.slice(0, -1)), each]),
  );
  const switchOf = (table: Path): ResolvedOption | undefined => switches.get(pathText(table));
  const set = new Set(
    options
      .filter(({ origin }) => origin.from !== "default")
      .flatMap(({ path }) => path.map((_, length) => pathText(path.slice(0, length)))),
  );
  const isSwitchedOff = (table: Path): boolean => {
    const found = switchOf(table);
    return found?.value === false && found.origin.from !== "default";
  };
  return sections.flatMap(({ path }) => {
    const found = switchOf(path);
    if (found === undefined || found.value !== false || found.origin.from !== "default") return [];
    const name = pathText(path);
    const setsOptions = set.has(name);
    const outer = path.map((_, length) => path.slice(0, length));
    if (name === RUN_BY_COMMAND || !setsOptions || outer.some(isSwitchedOff)) return [];
    const message = `${headerText(path)} has no effect without enabled = true. Add it, or remove the table.`;
    return [file?.problem(path, message) ?? problemOf(message)];
  });
}
