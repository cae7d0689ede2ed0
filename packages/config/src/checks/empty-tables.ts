import { pathText } from "../file/path.js";
import type { Resolution } from "../resolving/resolve.js";
import type { RuleViolation } from "./rule-violation.js";

/** Finds tables that set nothing, although who writes them expects a check that the table then does not make. */
export function emptyTableViolations({
  options,
  sections,
}: Pick<Resolution<never>, "options" | "sections">): RuleViolation[] {
  const set = new Set(
    options
      .filter(({ origin }) => origin.from !== "default")
      .flatMap(({ path }) => path.map((_, length) => pathText(path.slice(0, length)))),
  );
  return sections.flatMap(({ path, section: { emptyFault: message } }) =>
    message === undefined || set.has(pathText(path)) ? [] : [{ path, message }],
  );
}
