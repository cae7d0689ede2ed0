import { usesWildcard, type Path } from "@postern/config";
import { matchesName, type Certificate } from "@postern/net";
import type { Settings } from "../settings/configuration.js";
import { loadCertificate, type CertificateOptions } from "./certificate-files.js";

export interface GatewayCertificates {
  /** That of `[server.ssl]` first. Empty without HTTPS. */
  certificates: Certificate[];
  /** Files to watch. */
  files: string[];
  warnings: string[];
}

/**
 * Reads the certificates of `[server.ssl]`, its wildcard and the routes. Throws TlsError, and CliError for the files.
 * @param served those of a running gateway; undefined at start
 */
export async function loadGatewayCertificates(
  settings: Settings,
  served?: readonly Certificate[],
  now: number = Date.now(),
): Promise<GatewayCertificates> {
  const loaded: GatewayCertificates = { certificates: [], files: [], warnings: [] };
  for (const { options, path, host } of placesOf(settings)) {
    const { certificate, files, warnings } = await loadCertificate(settings, options, path, served, now);
    loaded.certificates.push(certificate);
    loaded.files.push(...files);
    loaded.warnings.push(...warnings);
    if (host !== undefined && !certificate.names.some((name) => covers(name, host)))
      loaded.warnings.push(
        `${options.cert_file} does not cover ${host}: visitors of this host get another certificate.`,
      );
  }
  return loaded;
}

interface Place {
  options: CertificateOptions;
  path: Path;
  /** The host that the certificate is meant for. */
  host: string | undefined;
}

function placesOf({ loaded }: Settings): Place[] {
  const { server, proxy } = loaded.values;
  const { ssl } = server;
  if (!ssl.enabled) return [];
  const { wildcard } = ssl;
  const places: Place[] = [{ options: ssl, path: ["server", "ssl"], host: undefined }];
  if (usesWildcard(ssl)) places.push({ options: wildcard, path: ["server", "ssl", "wildcard"], host: wildcard.domain });
  for (const [index, route] of proxy.entries())
    // The host in the TLS handshake selects a certificate.
    if (route.host !== undefined) places.push({ options: route, path: ["proxy", index], host: route.host });
  return places.filter(({ options }) => options.cert_file !== undefined);
}

/** Whether a certificate with `name` serves `host`, which may be a wildcard itself. */
function covers(name: string, host: string): boolean {
  return name === host || (!host.startsWith("*.") && matchesName(name, host));
}
