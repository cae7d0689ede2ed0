import { ConfigError, pendingSettings, resolve, tunnelEndpoint, type EndpointConfiguration } from "@postern/config";
import { CliError } from "../errors.js";
import type { Given } from "./configuration.js";
import { refusePending } from "./unsupported.js";

/**
 * The endpoint that flags and environment describe, without the endpoints of the file. Throws ConfigError and
 * PN_CONFIG_UNBUILT.
 */
export function commandLineEndpoint(given: Given): EndpointConfiguration {
  const resolution = resolve(tunnelEndpoint.each, given, ["tunnel", "endpoint"]);
  if (resolution.problems.length > 0) throw new ConfigError(resolution.problems);
  const { group, subdomain } = resolution.values;
  if (group && subdomain === undefined)
    throw new CliError("PN_USAGE", "--join needs --subdomain: the name that the clients serve together.");
  if (!group && resolution.values.weight !== 1)
    throw new CliError("PN_USAGE", "--weight (POSTERN_WEIGHT) needs --join: it is the share in a group of clients.");
  if (!group && resolution.values.strategy !== undefined)
    throw new CliError("PN_USAGE", "--strategy (POSTERN_STRATEGY) needs --join: it is that of a group of clients.");
  refusePending(pendingSettings(resolution, undefined, [[]]));
  return resolution.values;
}
