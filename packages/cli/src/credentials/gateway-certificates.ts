import { usesWildcard } from "@postern/config";
import type { Certificate } from "@postern/net";
import { addCertificate, type CertificatePlace, type ServedCertificates } from "./served-certificate.js";
import type { Settings } from "../settings/configuration.js";

/** The certificates of the gateway. The first one is for names that no other one covers. */
export type GatewayCertificates = ServedCertificates;

const SSL = ["server", "ssl"] as const;

/**
 * Reads the certificates of `[server.ssl]` and of routes with a host; none without TLS. Throws TlsError, and CliError
 * for the files.
 * @param served the certificates of a running gateway; see `addCertificate`.
 */
export async function loadGatewayCertificates(
  settings: Settings,
  served?: readonly Certificate[],
  now: number = Date.now(),
): Promise<GatewayCertificates> {
  const loaded: GatewayCertificates = { certificates: [], files: [], warnings: [] };
  for (const place of servedBy(settings)) await addCertificate(settings, place, loaded, served, now);
  return loaded;
}

function servedBy(settings: Settings): CertificatePlace[] {
  const { server, proxy } = settings.loaded.values;
  const { ssl } = server;
  if (!ssl.enabled) return [];
  return [
    ...(ssl.cert_file === undefined ? [] : [{ files: ssl, path: SSL }]),
    ...(usesWildcard(ssl) ? [{ files: ssl.wildcard, path: [...SSL, "wildcard"] }] : []),
    ...proxy.flatMap((files, index) =>
      // Without a host, no name in a handshake could select the certificate; the configuration warns about it.
      files.cert_file === undefined || files.host === undefined ? [] : [{ files, path: ["proxy", index] }],
    ),
  ];
}
