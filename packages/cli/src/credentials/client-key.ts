import type { Configuration, Path } from "@postern/config";
import { parseClientKey } from "./api-keys.js";
import type { Settings } from "../settings/configuration.js";
import { CliError } from "../errors.js";
import { readSecretFile } from "../settings/owned-file.js";
import { STRENGTH } from "../settings/precedence.js";

const FIX = [
  "From a file:      postern http 3000 --api-key-file my.key",
  "Or set it once:   export POSTERN_API_KEY_FILE=~/.config/postern/my.key",
  "Or by token:      --token-file, POSTERN_TOKEN_FILE, POSTERN_TOKEN",
  "The server's operator has the key; on your own server it is in the file given as --api-keys-file.",
].join("\n");

export interface ClientKey {
  key: string;
  /** Where it comes from. */
  file: string | undefined;
  warning: string | undefined;
}

/** Finds the client's key in `[tunnel.auth]`. Throws PN_KEY_MISSING and what reading the file throws. */
export function loadClientKey(settings: Settings): Promise<ClientKey> {
  return keyOf(settings.loaded.values.tunnel.auth, settings, ["tunnel", "auth"]);
}

/** The same for the endpoint at `index`: its own key, else the one of `[tunnel.auth]`. */
export function loadEndpointKey(settings: Settings, index: number): Promise<ClientKey> {
  const auth = settings.loaded.values.tunnel.endpoints[index]?.auth;
  const hasOwn = auth?.api_key !== undefined || auth?.api_key_file !== undefined;
  return hasOwn ? keyOf(auth, settings, ["tunnel", "endpoints", index, "auth"]) : loadClientKey(settings);
}

async function keyOf(auth: Configuration["tunnel"]["auth"], settings: Settings, path: Path): Promise<ClientKey> {
  const { api_key: direct, api_key_file: file } = auth;
  const strength = (name: string): number => STRENGTH[settings.loaded.origin(...path, name).from];
  const [ofDirect, ofFile] = [strength("api_key"), strength("api_key_file")];
  if (file !== undefined && ofFile > ofDirect) {
    const place = settings.pathOf(file, ...path, "api_key_file");
    const { text, warning } = await readSecretFile(place);
    return { key: parseClientKey(text, place), file: place, warning };
  }
  if (direct === undefined) throw new CliError("PN_KEY_MISSING", "No API key is given.", FIX);
  return { key: parseClientKey(direct, "the API key"), file: undefined, warning: undefined };
}
