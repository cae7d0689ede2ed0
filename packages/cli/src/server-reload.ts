import type { Path } from "@postern/config";
import type { Server } from "@postern/server";
import type { Settings } from "./configuration.js";
import { loadServerCertificates } from "./server-certificates.js";
import { keyFiles, loadServerKeys, type ServerKeys } from "./server-keys.js";

/** Gives a running server the keys and certificates of a configuration that was read again. Throws before anything is changed. */
export async function takeOverCredentials(
  server: Server,
  settings: Settings,
): Promise<{ keys: ServerKeys; files: string[]; warnings: string[] }> {
  const keys = await loadServerKeys(settings);
  const { certificates, files, warnings } = await loadServerCertificates(settings);
  if (certificates.length > 0 && server.hasTls) server.replaceCertificates(certificates);
  server.replaceApiKeys(keys.keys);
  return { keys, files: [...keyFiles(keys), ...files], warnings: [...keys.warnings, ...warnings] };
}

/** Whether an option only says which keys and certificates count: they change while the server runs. */
export function isCredentialOption(path: Path): boolean {
  const keys = /^tunnel\.server\.auth\.api_keys(_file)?$/;
  const certificates =
    /^tunnel\.server\.ssl\.(certificates\.\d+\.)?(cert_file|key_file|cert_chain_file|key_passphrase)$/;
  const name = path.join(".");
  return keys.test(name) || certificates.test(name);
}
