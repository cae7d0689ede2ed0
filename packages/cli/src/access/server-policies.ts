import type { PolicyOptions } from "@postern/server";
import type { Settings } from "../settings/configuration.js";
import { loadAccess, type LoadedAccess } from "./loaded-access.js";

/** `[tunnel.server.policies]`, with the content of the files that it names. */
export interface ServerPolicies extends Omit<LoadedAccess, "steps"> {
  policies: PolicyOptions;
}

/** Reads `[tunnel.server.policies]`. Throws CliError for the files. */
export async function loadServerPolicies(settings: Settings): Promise<ServerPolicies> {
  const { allow, always } = settings.loaded.values.tunnel.server.policies;
  const { steps, ...loaded } = await loadAccess(settings, always, ["tunnel", "server", "policies", "always"]);
  return { policies: Object.keys(steps).length === 0 ? { allow } : { allow, always: steps }, ...loaded };
}
