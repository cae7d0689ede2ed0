import { ConfigError, pendingSettings, resolve, tunnelEndpoint, type EndpointConfiguration } from "@postern/config";
import type { Given } from "./configuration.js";
import { refusePending } from "./unsupported.js";

/**
 * The endpoint that flags and environment describe, without the endpoints of the file. Throws ConfigError and
 * PN_CONFIG_UNBUILT.
 */
export function commandLineEndpoint(given: Given): EndpointConfiguration {
  const resolution = resolve(tunnelEndpoint.each, given, ["tunnel", "endpoint"]);
  if (resolution.problems.length > 0) throw new ConfigError(resolution.problems);
  refusePending(pendingSettings(resolution, undefined, [[]]));
  return resolution.values;
}
