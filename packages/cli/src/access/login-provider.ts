import type { OidcOptions, ProviderOptions } from "@postern/gateway/service";
import type { Path, RouteConfiguration } from "@postern/config";
import { CliError } from "../errors.js";
import type { Settings } from "../settings/configuration.js";
import { readSecretFile } from "../settings/owned-file.js";

/** The provider of `[server.oidc]`, with the secret from its file. */
export interface LoadedProvider {
  options: ProviderOptions;
  /** Files to watch. */
  files: string[];
  warnings: string[];
}

/**
 * Reads `[server.oidc]`.
 * @param user the table that needs it, for messages
 * @throws CliError PN_CONFIG_INVALID if the provider is not configured, and those of the file
 */
export async function loadLoginProvider(settings: Settings, user: Path): Promise<LoadedProvider> {
  const { issuer, client_id, client_secret_file, callback_url, scopes, allow_private } =
    settings.loaded.values.server.oidc;
  if (issuer === undefined || client_id === undefined) {
    const missing = issuer === undefined ? "issuer" : "client_id";
    const place = settings.loaded.file?.problem(user, "").where;
    const message = `logins need an OpenID provider, and [server.oidc] has no ${missing}.`;
    throw new CliError(
      "PN_CONFIG_INVALID",
      place === undefined ? message : `${place}: ${message}`,
      "Set issuer, client_id and client_secret_file in [server.oidc].",
    );
  }
  const options: ProviderOptions = {
    issuer,
    clientId: client_id,
    ...(callback_url === undefined ? {} : { callbackUrl: callback_url }),
    ...(scopes.length === 0 ? {} : { scopes }),
    ...(allow_private ? { allowPrivate: true } : {}),
  };
  if (client_secret_file === undefined) return { options, files: [], warnings: [] };
  const file = settings.pathOf(client_secret_file, "server", "oidc", "client_secret_file");
  const { text, warning } = await readSecretFile(file);
  const clientSecret = text.trim();
  if (clientSecret === "")
    throw new CliError("PN_FILE_UNREADABLE", `${file} contains no secret.`, "Write the client's secret into it.");
  return { options: { ...options, clientSecret }, files: [file], warnings: warning === undefined ? [] : [warning] };
}

/** The policy of `[proxy.access.oidc]`. */
export function loginPolicy(
  { emails, domains, groups, max_age: maxAge }: RouteConfiguration["access"]["oidc"],
  provider: ProviderOptions,
): OidcOptions {
  return { provider, emails, domains, groups, maxAge };
}
