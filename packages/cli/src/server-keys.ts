import type { ApiKey } from "@postern/server";
import { parseApiKeyList, parseApiKeys } from "./api-keys.js";
import { CliError } from "./errors.js";
import { readSecretFile } from "./secret-file.js";

const FIX = [
  "Make a key file and start with it:",
  '(umask 077; echo "me $(head -c 24 /dev/urandom | base64)" > postern.keys) && postern server --api-keys-file postern.keys',
].join("\n");

export interface ServerKeys {
  keys: ApiKey[];
  warnings: string[];
}

/** Collects the keys that a server accepts, from its file and from POSTERN_API_KEYS. Throws PN_KEYS_MISSING when there is none. */
export async function loadServerKeys(file: string | undefined, env: NodeJS.ProcessEnv): Promise<ServerKeys> {
  const keys: ApiKey[] = [];
  const warnings: string[] = [];
  if (file) {
    const { text, warning } = await readSecretFile(file);
    keys.push(...parseApiKeys(text, file));
    if (warning !== undefined) warnings.push(warning);
  }
  keys.push(...parseApiKeyList(env["POSTERN_API_KEYS"] ?? "", "POSTERN_API_KEYS"));

  if (keys.length === 0) {
    const nothing = file ? `${file} holds no API key` : "No API key is given";
    throw new CliError("PN_KEYS_MISSING", `${nothing}: without one, nobody could open a tunnel.`, FIX);
  }
  if (new Set(keys.map(({ key }) => key)).size < keys.length) {
    throw new CliError(
      "PN_KEY_AMBIGUOUS",
      `A key of POSTERN_API_KEYS is also in ${file}.`,
      "Keep it in one of the two.",
    );
  }
  return { keys, warnings };
}
