import type { Path } from "@postern/config";
import type { Server, TokenOptions } from "@postern/server";
import type { Settings } from "../settings/configuration.js";
import { loadServerCertificates, type ServerCertificates } from "./server-certificates.js";
import { loadServerKeys, type ServerKeys } from "./server-keys.js";
import { loadServerTokens } from "./server-tokens.js";

/** What a server shows to prove itself, and what it takes from clients as a proof. */
export interface ServerCredentials {
  keys: ServerKeys;
  tokens: TokenOptions | undefined;
  certificates: ServerCertificates;
  /** Files that count like a part of the configuration. */
  files: string[];
  /** What their owner should know. */
  warnings: string[];
}

/** Reads all of them. Throws what is wrong with any. */
export async function loadServerCredentials(settings: Settings): Promise<ServerCredentials> {
  const keys = await loadServerKeys(settings);
  const tokens = await loadServerTokens(settings);
  const certificates = await loadServerCertificates(settings);
  return {
    keys,
    tokens,
    certificates,
    files: [...(keys.file === undefined ? [] : [keys.file]), ...certificates.files],
    warnings: [...keys.warnings, ...certificates.warnings],
  };
}

/** Gives a running server the keys and certificates of a configuration that was read again. Throws before anything is changed. */
export async function takeOverCredentials(server: Server, settings: Settings): Promise<ServerCredentials> {
  const credentials = await loadServerCredentials(settings);
  const { certificates, clientCa } = credentials.certificates;
  if (certificates.length > 0 && server.hasTls) server.replaceCertificates(certificates, clientCa);
  server.replaceApiKeys(credentials.keys.keys);
  return credentials;
}

/** Whether an option only says which keys and certificates count: they change while the server runs. */
export function isCredentialOption(path: Path): boolean {
  const name = path.join(".");
  return [
    /^tunnel\.server\.auth\.api_keys(_file)?$/,
    /^tunnel\.server\.ssl\.(certificates\.\d+\.)?(cert_file|key_file|cert_chain_file|key_passphrase)$/,
    /^tunnel\.server\.auth\.certificate\.(ca|crl)_file$/,
  ].some((options) => options.test(name));
}
