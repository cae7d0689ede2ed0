import { usesWildcard } from "@postern/config";
import type { Certificate } from "@postern/net";
import type { Settings } from "../settings/configuration.js";
import { loadCertificates, type CertificatePlace, type LoadedCertificates } from "./certificate-files.js";

/**
 * Reads the certificates of `[server.ssl]`, its wildcard and the routes, in this order; none without HTTPS. Throws
 * TlsError, and CliError for the files.
 * @param served those of a running gateway; undefined at start
 */
export function loadGatewayCertificates(
  settings: Settings,
  served?: readonly Certificate[],
  now: number = Date.now(),
): Promise<LoadedCertificates> {
  return loadCertificates(settings, placesOf(settings), served, now);
}

function placesOf({ loaded }: Settings): CertificatePlace[] {
  const { server, proxy } = loaded.values;
  const { ssl } = server;
  if (!ssl.enabled) return [];
  const { wildcard } = ssl;
  const places: CertificatePlace[] = [{ options: ssl, path: ["server", "ssl"] }];
  if (usesWildcard(ssl)) places.push({ options: wildcard, path: ["server", "ssl", "wildcard"], host: wildcard.domain });
  for (const [index, route] of proxy.entries())
    // The host in the TLS handshake selects a certificate.
    if (route.host !== undefined) places.push({ options: route, path: ["proxy", index], host: route.host });
  return places;
}
