import type { Path } from "@postern/config";
import type { Certificate } from "@postern/net";
import type { TokenOptions } from "@postern/server";
import { loadServerPolicies, type ServerPolicies } from "../access/server-policies.js";
import type { Settings } from "../settings/configuration.js";
import { loadServerCertificates, type ServerCertificates } from "./server-certificates.js";
import { loadServerKeys, type ServerKeys } from "./server-keys.js";
import { loadServerTokens } from "./server-tokens.js";
import { sharedCookiesWarning } from "./shared-cookies.js";

/** The keys, tokens, certificates and policies that the configuration names. */
export interface LoadedCredentials {
  keys: ServerKeys;
  tokens: TokenOptions | undefined;
  certificates: ServerCertificates;
  policies: ServerPolicies;
}

/** The server's certificates, and the credentials that it accepts from clients. */
export interface ServerCredentials extends LoadedCredentials {
  /** Files to watch. A change reloads the configuration. */
  files: string[];
  warnings: string[];
}

/**
 * Reads the credentials. Throws CliError or TlsError.
 * @param served the certificates of a running server; see `loadServerCertificates`.
 */
export async function loadServerCredentials(
  settings: Settings,
  served?: readonly Certificate[],
): Promise<ServerCredentials> {
  const keys = await loadServerKeys(settings);
  const tokens = await loadServerTokens(settings);
  const certificates = await loadServerCertificates(settings, served);
  const policies = await loadServerPolicies(settings);
  return serverCredentials(settings, { keys, tokens, certificates, policies });
}

/** Combines parts that were loaded separately. */
export function serverCredentials(settings: Settings, loaded: LoadedCredentials): ServerCredentials {
  const { keys, certificates, policies } = loaded;
  const shared = sharedCookiesWarning(settings, loaded);
  return {
    ...loaded,
    files: [...(keys.file === undefined ? [] : [keys.file]), ...certificates.files, ...policies.files],
    warnings: [
      ...keys.warnings,
      ...certificates.warnings,
      ...policies.warnings,
      ...(shared === undefined ? [] : [shared]),
    ],
  };
}

/** Lists the clients that can log in: `ann, ben; anyone with a token from https://auth.example.com`. */
export function loginsText({ keys, tokens, certificates }: ServerCredentials): string {
  const issuer = tokens?.issuer === undefined ? "" : ` from ${tokens.issuer}`;
  return [
    ownersText(keys),
    tokens === undefined ? "" : `anyone with a token${issuer}`,
    certificates.clientCa === undefined ? "" : "anyone with a certificate of the client CA",
  ]
    .filter((each) => each !== "")
    .join("; ");
}

function ownersText({ keys }: ServerKeys): string {
  const owners = [...new Set(keys.map(({ owner }) => owner))];
  const shown = owners.length > 5 ? [...owners.slice(0, 5), `and ${owners.length - 5} more`] : owners;
  return shown.join(", ");
}

/** Whether `path` names an option of keys, certificates or policies, which a reload applies. */
export function isCredentialOption(path: Path): boolean {
  const name = path.join(".");
  return [
    /^tunnel\.server\.auth\.api_keys(_file)?$/,
    /^tunnel\.server\.ssl\.(certificates\.\d+\.)?(cert_file|key_file|cert_chain_file|key_passphrase)$/,
    /^tunnel\.server\.policies\./,
    /^tunnel\.server\.auth\.certificate\.(ca|crl)_file$/,
  ].some((options) => options.test(name));
}
