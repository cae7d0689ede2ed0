import type { OidcOptions, ProviderOptions } from "@postern/gateway/policies";
import type { Path, RouteConfiguration } from "@postern/config";
import { CliError } from "../errors.js";
import type { Settings } from "../settings/configuration.js";
import { readSecretFile } from "../settings/owned-file.js";

type AccessConfiguration = RouteConfiguration["access"];

/** An OpenID provider, with the secret from its file. */
export interface LoadedProvider {
  options: ProviderOptions;
  /** Files to watch. */
  files: string[];
  warnings: string[];
}

/** Where the provider of the gateway's routes, or that of the server's tunnels, is configured. */
export type ProviderPlace = "server" | "tunnel.server";

/**
 * Reads `[server.oidc]` or `[tunnel.server.oidc]`.
 * @param user the table that needs it, for messages
 * @throws CliError PN_CONFIG_INVALID if the provider is not configured, and those of the file
 */
export async function loadLoginProvider(settings: Settings, place: ProviderPlace, user: Path): Promise<LoadedProvider> {
  const { server, tunnel } = settings.loaded.values;
  const { issuer, client_id, client_secret_file, scopes, allow_private } =
    place === "server" ? server.oidc : tunnel.server.oidc;
  const callbackUrl = place === "server" ? server.oidc.callback_url : undefined;
  if (issuer === undefined || client_id === undefined) {
    const missing = issuer === undefined ? "issuer" : "client_id";
    const where = settings.loaded.file?.problem(user, "").where;
    const message = `logins need an OpenID provider, and [${place}.oidc] has no ${missing}.`;
    throw new CliError(
      "PN_CONFIG_INVALID",
      where === undefined ? message : `${where}: ${message}`,
      `Set issuer, client_id and client_secret_file in [${place}.oidc].`,
    );
  }
  const options: ProviderOptions = {
    issuer,
    clientId: client_id,
    ...(callbackUrl === undefined ? {} : { callbackUrl }),
    ...(scopes.length === 0 ? {} : { scopes }),
    ...(allow_private ? { allowPrivate: true } : {}),
  };
  if (client_secret_file === undefined) return { options, files: [], warnings: [] };
  const file = settings.pathOf(client_secret_file, ...place.split("."), "oidc", "client_secret_file");
  const { text, warning } = await readSecretFile(file);
  const clientSecret = text.trim();
  if (clientSecret === "")
    throw new CliError("PN_FILE_UNREADABLE", `${file} contains no secret.`, "Write the client's secret into it.");
  return { options: { ...options, clientSecret }, files: [file], warnings: warning === undefined ? [] : [warning] };
}

/**
 * With one callback for all hosts, a route must name its host: anybody could lead visitors to another one.
 * @param index of the route in the configuration
 * @throws CliError PN_CONFIG_INVALID
 */
export function checkLoginHost(settings: Settings, { host }: RouteConfiguration, index: number): void {
  if (settings.loaded.values.server.oidc.callback_url === undefined) return;
  if (host !== undefined && !host.startsWith("*")) return;
  const place = ["proxy", index, ...(host === undefined ? ["access", "oidc"] : ["host"])];
  const where = settings.loaded.file?.problem(place, "").where;
  const message = "with callback_url of [server.oidc], a route with logins needs a host without a wildcard.";
  throw new CliError(
    "PN_CONFIG_INVALID",
    where === undefined ? message : `${where}: ${message}`,
    'Set the host, for instance host = "app.example.com". Write one route for each host.',
  );
}

/** Whether an access table requires a login. A table without options does: otherwise everybody would get access. */
export function requiresLogin(settings: Settings, { oidc }: AccessConfiguration, access: Path): boolean {
  return oidc.enabled ?? settings.loaded.hasTable(...access, "oidc");
}

/** The policy of the table `oidc`. */
export function loginPolicy({
  oidc: { emails, domains, groups, max_age: maxAge },
}: AccessConfiguration): Omit<OidcOptions, "provider"> {
  return { emails, domains, groups, maxAge };
}
