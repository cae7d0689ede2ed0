import { routeSteps, VisitorLogins, type ProviderOptions } from "@postern/gateway/policies";
import type { PolicyOptions } from "@postern/server";
import { CliError } from "../errors.js";
import type { Settings } from "../settings/configuration.js";
import { loadAccess, type LoadedAccess } from "./loaded-access.js";
import { loadLoginProvider } from "./login-provider.js";

/** `[tunnel.server.policies]`, with the content of the files that it names. */
export interface ServerPolicies extends Omit<LoadedAccess, "steps"> {
  policies: PolicyOptions;
  /** That of `[tunnel.server.oidc]`; undefined if there is none. */
  provider: ProviderOptions | undefined;
}

/** Reads `[tunnel.server.policies]` and `[tunnel.server.oidc]`. Throws CliError: PN_CONFIG_INVALID, or for a file. */
export async function loadServerPolicies(settings: Settings): Promise<ServerPolicies> {
  const { policies, security } = settings.loaded.values.tunnel.server;
  const { allow, always } = policies;
  const place = ["tunnel", "server", "policies", "always"];
  const { steps: access, files, warnings } = await loadAccess(settings, always, place);
  const { cors_enabled, cors_origins: origins } = security;
  const steps = cors_enabled && origins.length > 0 ? { ...access, cors: { origins } } : access;
  const { issuer, client_id } = settings.loaded.values.tunnel.server.oidc;
  const isNeeded = steps.oidc !== undefined || (issuer ?? client_id) !== undefined;
  const user = steps.oidc === undefined ? ["tunnel", "server", "oidc"] : [...place, "oidc"];
  const provider = isNeeded ? await loadLoginProvider(settings, "tunnel.server", user) : undefined;
  try {
    routeSteps(steps, { logins: new VisitorLogins({ secret: () => "", provider: provider?.options }) });
  } catch (error) {
    if (error instanceof RangeError) throw new CliError("PN_CONFIG_INVALID", error.message);
    throw error;
  }
  return {
    policies: Object.keys(steps).length === 0 ? { allow } : { allow, always: steps },
    provider: provider?.options,
    files: [...files, ...(provider?.files ?? [])],
    warnings: [...warnings, ...(provider?.warnings ?? [])],
  };
}
