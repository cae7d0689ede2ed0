import type { ApiKey } from "@postern/server";
import { parseApiKeys } from "./api-keys.js";
import type { Settings } from "../settings/configuration.js";
import { CliError } from "../errors.js";
import { readSecretFile } from "../settings/owned-file.js";

const FIX = [
  "Make a key file and start with it:",
  '(umask 077; echo "me $(head -c 24 /dev/urandom | base64)" > postern.keys) && postern server --api-keys-file postern.keys',
].join("\n");

export interface ServerKeys {
  keys: ApiKey[];
  /** The file that some of them come from. */
  file: string | undefined;
  warnings: string[];
}

/** Collects the keys that a server accepts: those of its file, and those that are listed. Throws PN_KEYS_MISSING when there is none, and no token is taken either. */
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
  keys.push(...parseApiKeys(listed.join("\n"), "the listed keys"));

  const { jwt, certificate } = settings.loaded.values.tunnel.server.auth;
  if (keys.length === 0 && !jwt.enabled && certificate.ca_file === undefined) {
    const nothing = file ? `${file} holds no API key` : "No API key is given";
    throw new CliError("PN_KEYS_MISSING", `${nothing}: without one, nobody could open a tunnel.`, FIX);
  }
  if (new Set(keys.map(({ key }) => key)).size < keys.length)
    throw new CliError("PN_KEY_AMBIGUOUS", `A listed key is also in ${file}.`, "Keep it in one of the two.");
  return { keys, file, warnings };
}
