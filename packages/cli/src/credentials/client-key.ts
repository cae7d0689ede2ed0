import type { Configuration, Path } from "@postern/config";
import { parseClientKey } from "./api-keys.js";
import type { Settings } from "../settings/configuration.js";
import { CliError } from "../errors.js";
import { readSecretFile } from "../settings/owned-file.js";
import { PRECEDENCE } from "../settings/precedence.js";

const FIX = [
  "On the command line:  --api-key-file my.key",
  "In the environment:   export POSTERN_API_KEY_FILE=~/.config/postern/my.key",
  "With a token:         --token-file, POSTERN_TOKEN_FILE or POSTERN_TOKEN",
  "You get the key from the server's operator. On your own server, it is in the file of --api-keys-file.",
].join("\n");

export interface ClientKey {
  key: string;
  /** The file that contained the key. */
  file: string | undefined;
  warning: string | undefined;
}

/** Reads the client's key from `[tunnel.auth]`. Throws PN_KEY_MISSING, and CliError for its file. */
export function loadClientKey(settings: Settings): Promise<ClientKey> {
  return keyOf(settings.loaded.values.tunnel.auth, settings, ["tunnel", "auth"]);
}

/** Reads the key of the endpoint at `index`: its own, otherwise the one of `[tunnel.auth]`. */
export function loadEndpointKey(settings: Settings, index: number): Promise<ClientKey> {
  const auth = settings.loaded.values.tunnel.endpoints[index]?.auth;
  const hasOwn = auth?.api_key !== undefined || auth?.api_key_file !== undefined;
  return hasOwn ? keyOf(auth, settings, ["tunnel", "endpoints", index, "auth"]) : loadClientKey(settings);
}

async function keyOf(auth: Configuration["tunnel"]["auth"], settings: Settings, path: Path): Promise<ClientKey> {
  const { api_key: direct, api_key_file: file } = auth;
  const precedence = (name: string): number => PRECEDENCE[settings.loaded.origin(...path, name).from];
  const [ofDirect, ofFile] = [precedence("api_key"), precedence("api_key_file")];
  if (file !== undefined && ofFile > ofDirect) {
    const place = settings.pathOf(file, ...path, "api_key_file");
    const { text, warning } = await readSecretFile(place);
    return { key: parseClientKey(text, place), file: place, warning };
  }
  if (direct === undefined) throw new CliError("PN_KEY_MISSING", "No API key is given.", FIX);
  return { key: parseClientKey(direct, "the API key"), file: undefined, warning: undefined };
}
