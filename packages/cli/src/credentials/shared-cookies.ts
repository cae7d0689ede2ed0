import type { TokenOptions } from "@postern/server";
import type { Settings } from "../settings/configuration.js";
import type { ServerCertificates } from "./server-certificates.js";
import type { ServerKeys } from "./server-keys.js";

/** The credentials that clients can log in with. Each belongs to an owner. */
export interface OwnersCredentials {
  keys: ServerKeys;
  tokens: TokenOptions | undefined;
  certificates: ServerCertificates;
}

/** The warning about cookies for the base domain, if tunnels of several owners share it. */
export function sharedCookiesWarning(settings: Settings, credentials: OwnersCredentials): string | undefined {
  const { base_domain: domain, parent_domain_cookies: policy } = settings.loaded.values.tunnel.server;
  if (!mayHaveSeveralOwners(credentials)) return undefined;
  return policy === "allow"
    ? `parent_domain_cookies is "allow" and several owners can log in: each of their services can set cookies for all tunnels below ${domain}. Set it to "drop"`
    : `several owners can log in: scripts on the pages of one tunnel can set cookies for all tunnels below ${domain}, unless it is on the Public Suffix List (see "Cookies between tunnels" in SECURITY.md)`;
}

function mayHaveSeveralOwners({ keys: { keys }, tokens, certificates: { clientCa } }: OwnersCredentials): boolean {
  return new Set(keys.map(({ owner }) => owner)).size > 1 || tokens !== undefined || clientCa !== undefined;
}
