import { ConfigError, resolve, tunnelEndpoint, unsupported, type EndpointConfiguration } from "@postern/config";
import type { Given } from "./configuration.js";
import { refusePending } from "./unsupported.js";

/**
 * The endpoint that flags and environment describe. It is not in the file: that would be another of the same name.
 * Throws ConfigError, and PN_CONFIG_UNBUILT.
 */
export function typedEndpoint(given: Given): EndpointConfiguration {
  const typed = resolve(tunnelEndpoint.each, given, ["tunnel", "endpoint"]);
  if (typed.problems.length > 0) throw new ConfigError(typed.problems);
  refusePending(unsupported(typed, undefined, [[]]));
  return typed.values;
}
