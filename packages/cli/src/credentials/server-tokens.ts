import type { TokenOptions } from "@postern/server";
import type { Settings } from "../settings/configuration.js";
import { readTokenKey } from "../settings/token-key-file.js";

const HOUR = 3_600_000;

/**
 * Reads from `[tunnel.server.auth.jwt]` which tokens the server accepts; undefined: none. Throws PN_TOKEN_INVALID, and
 * CliError for the key file.
 */
export async function loadServerTokens(settings: Settings): Promise<TokenOptions | undefined> {
  const { jwt } = settings.loaded.values.tunnel.server.auth;
  if (!jwt.enabled) return undefined;
  const { secret, public_key_file, jwks_url, introspection_url, client_id, client_secret, issuer, audience } = jwt;
  const keyFile = (file: string): string => settings.pathOf(file, "tunnel", "server", "auth", "jwt", "public_key_file");
  return {
    ...(secret === undefined ? {} : { secret }),
    ...(public_key_file === undefined ? {} : { publicKey: await readTokenKey(keyFile(public_key_file)) }),
    ...(jwks_url === undefined ? {} : { jwksUrl: jwks_url }),
    ...(introspection_url === undefined
      ? {}
      : {
          introspection: {
            url: introspection_url,
            interval: jwt.introspection_interval,
            ...(client_id === undefined ? {} : { clientId: client_id }),
            ...(client_secret === undefined ? {} : { clientSecret: client_secret }),
          },
        }),
    ...(issuer === undefined ? {} : { issuer }),
    ...(audience === undefined ? {} : { audience }),
    userClaim: jwt.user_claim,
    namesClaim: jwt.names_claim,
    ...(jwt.expiration_hours === undefined ? {} : { longest: jwt.expiration_hours * HOUR }),
    allowPrivate: jwt.allow_private,
  };
}
