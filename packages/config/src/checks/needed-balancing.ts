import type { Configuration } from "../declared/configuration.js";
import type { Path } from "../file/path.js";

/** Whether the option at `path` has an effect: sticky sessions have none on a route with one target. */
export function isNeeded(path: Path, values: Partial<Pick<Configuration, "proxy">>): boolean {
  const isSticky = path[0] === "proxy" && path.at(-1) === "sticky_sessions";
  const route = isSticky ? values.proxy?.[Number(path[1])] : undefined;
  return route === undefined || route.targets.length > 1 || route.resolve === "all";
}
