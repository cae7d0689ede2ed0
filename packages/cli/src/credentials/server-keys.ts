import type { ApiKey } from "@postern/server";
import { parseApiKeys } from "./api-keys.js";
import type { Settings } from "../settings/configuration.js";
import { CliError } from "../errors.js";
import { readSecretFile } from "../settings/owned-file.js";

const FIX = [
  "Make a key file and start the server with it:",
  '(umask 077; echo "me $(head -c 24 /dev/urandom | base64)" > postern.keys) && postern server --api-keys-file postern.keys',
].join("\n");

export interface ServerKeys {
  keys: ApiKey[];
  /** The file that contained some of the keys. */
  file: string | undefined;
  warnings: string[];
}

/**
 * Reads the keys of `api_keys_file` and `api_keys`. Throws PN_KEYS_MISSING when there is no key and no other login
 * method.
 */
export async function loadServerKeys(settings: Settings): Promise<ServerKeys> {
  const { api_keys: listed, api_keys_file: named } = settings.loaded.values.tunnel.server.auth;
  const file = named === undefined ? undefined : settings.pathOf(named, "tunnel", "server", "auth", "api_keys_file");
  const keys: ApiKey[] = [];
  const warnings: string[] = [];
  if (file !== undefined) {
    const { text, warning } = await readSecretFile(file);
    keys.push(...parseApiKeys(text, file));
    if (warning !== undefined) warnings.push(warning);
  }
  keys.push(...parseApiKeys(listed.join("\n"), "api_keys"));

  const { jwt, certificate } = settings.loaded.values.tunnel.server.auth;
  if (keys.length === 0 && !jwt.enabled && certificate.ca_file === undefined) {
    const nothing = file ? `${file} contains no API key` : "No API key is given";
    throw new CliError("PN_KEYS_MISSING", `${nothing}. Without one, no client can log in.`, FIX);
  }
  if (new Set(keys.map(({ key }) => key)).size < keys.length)
    throw new CliError("PN_KEY_AMBIGUOUS", `A key in api_keys is also in ${file}.`, "Remove it from one of them.");
  return { keys, file, warnings };
}
