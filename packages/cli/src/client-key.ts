import { parseClientKey } from "./api-keys.js";
import { CliError } from "./errors.js";
import { readSecretFile } from "./secret-file.js";

const FIX = [
  "From a file:      postern http 3000 --api-key-file my.key",
  "Or set it once:   export POSTERN_API_KEY_FILE=~/.config/postern/my.key",
  "The server's operator has the key; on your own server it is in the file given as --api-keys-file.",
].join("\n");

export interface ClientKey {
  key: string;
  warning: string | undefined;
}

/** What of the client's key the command line and the environment say. */
export interface ClientKeySource {
  file: string | undefined;
  /** Whether `file` was typed, and so wins over the environment. */
  typed: boolean;
}

/** Finds the client's key. Throws PN_KEY_MISSING, PN_KEY_AMBIGUOUS and what reading the file throws. */
export async function loadClientKey(source: ClientKeySource, env: NodeJS.ProcessEnv): Promise<ClientKey> {
  const direct = env["POSTERN_API_KEY"];
  if (source.file && direct && !source.typed) {
    throw new CliError(
      "PN_KEY_AMBIGUOUS",
      "POSTERN_API_KEY and POSTERN_API_KEY_FILE are both set.",
      "Unset one of the two.",
    );
  }
  if (source.file) {
    const { text, warning } = await readSecretFile(source.file);
    return { key: parseClientKey(text, source.file), warning };
  }
  if (!direct) throw new CliError("PN_KEY_MISSING", "No API key is given.", FIX);
  return { key: parseClientKey(direct, "POSTERN_API_KEY"), warning: undefined };
}
