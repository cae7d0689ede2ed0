import {
  accessViolations,
  ConfigError,
  endpointAccessViolations,
  pathText,
  pendingSettings,
  problemOf,
  resolve,
  tunnelEndpoint,
  type EndpointConfiguration,
} from "@postern/config";
import { CliError } from "../errors.js";
import type { Given } from "./configuration.js";
import { refusePending } from "./unsupported.js";

const PLACE = ["tunnel", "endpoint"];

/**
 * The endpoint that flags and environment describe, without the endpoints of the file. Throws ConfigError and
 * PN_CONFIG_UNBUILT.
 */
export function commandLineEndpoint(given: Given): EndpointConfiguration {
  const resolution = resolve(tunnelEndpoint.each, given, PLACE);
  if (resolution.problems.length > 0) throw new ConfigError(resolution.problems);
  const { group, subdomain } = resolution.values;
  if (group && subdomain === undefined)
    throw new CliError("PN_USAGE", "--join needs --subdomain: the name that the clients serve together.");
  if (!group && resolution.values.weight !== 1)
    throw new CliError("PN_USAGE", "--weight (POSTERN_WEIGHT) needs --join: it is the share in a group of clients.");
  if (!group && resolution.values.strategy !== undefined)
    throw new CliError("PN_USAGE", "--strategy (POSTERN_STRATEGY) needs --join: it is that of a group of clients.");
  // An empty list would let everyone in: the variable that was meant to contain it may not be set.
  for (const flag of ["--allow-ip", "--deny-ip"])
    if (given.flags[flag]?.replace(/[\s,]/g, "") === "")
      throw new CliError("PN_USAGE", `${flag} has no address. Give one, for instance ${flag} 192.0.2.0/24`);
  const place = [...PLACE, "access"];
  const origins = new Map(resolution.options.map(({ path, origin }) => [pathText(path), origin.from]));
  const violations = [
    ...accessViolations(resolution.values.access, place, (path) => origins.get(pathText(path)) ?? "default"),
    ...endpointAccessViolations(resolution.values.access, place),
  ];
  if (violations.length > 0) throw new ConfigError(violations.map(({ message }) => problemOf(message)));
  refusePending(pendingSettings(resolution, undefined, [[]]));
  return resolution.values;
}
