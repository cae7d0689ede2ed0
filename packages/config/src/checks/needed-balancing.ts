import type { Configuration, RouteConfiguration } from "../declared/configuration.js";
import type { Path } from "../file/path.js";

/** Options about the choice between the targets of a route. */
const BALANCING: ReadonlySet<string> = new Set(["strategy", "sticky_sessions", "weight"]);

/**
 * Whether the option at `path` has an effect: options of load balancing have none on a route with one target, nor have
 * equal weights.
 */
export function isNeeded(path: Path, values: Partial<Pick<Configuration, "proxy">>): boolean {
  const option = String(path.at(-1));
  const route = path[0] === "proxy" && BALANCING.has(option) ? values.proxy?.[Number(path[1])] : undefined;
  if (route === undefined) return true;
  const weights = route.targets.map(({ weight }) => weight);
  if (weights.includes(0) && option === "weight") return true;
  if (weights.length <= 1 && route.resolve === "one") return false;
  const areEqual = weights.every((weight) => weight === weights[0]);
  return !areEqual || !balancesByWeight(option, route);
}

function balancesByWeight(option: string, { strategy }: RouteConfiguration): boolean {
  return option === "weight" || (option === "strategy" && strategy === "weighted_round_robin");
}
