import { usesWildcard } from "@postern/config";
import type { ServerTls } from "@postern/server";
import { ClientCa, type Certificate } from "@postern/net";
import type { Settings } from "../settings/configuration.js";
import { readOwnedFile } from "../settings/owned-file.js";
import { loadCertificates, type CertificatePlace, type LoadedCertificates } from "./certificate-files.js";

const SSL = ["tunnel", "server", "ssl"] as const;

export interface ServerCertificates extends LoadedCertificates {
  /** Verifies the certificates that clients log in with; undefined: such logins are not accepted. */
  clientCa: ClientCa | undefined;
}

/**
 * Reads the server's certificates; none without TLS. Throws TlsError, and CliError for the files.
 * @param served the certificates of a running server. Another one that has expired is refused, so that the last good
 * one stays. Undefined at start, where an expired certificate is better than no server.
 */
export async function loadServerCertificates(
  settings: Settings,
  served?: readonly Certificate[],
  now: number = Date.now(),
): Promise<ServerCertificates> {
  const { ssl } = settings.loaded.values.tunnel.server;
  if (!ssl.enabled) return { certificates: [], clientCa: undefined, files: [], warnings: [] };
  const loaded = await loadCertificates(settings, placesOf(settings), served, now);
  return { ...loaded, clientCa: await clientCa(settings, loaded.files) };
}

/** Those of `[tunnel.server.ssl]`, and the wildcard certificate of the gateway if it covers tunnels. */
function placesOf({ loaded }: Settings): CertificatePlace[] {
  const { server, tunnel } = loaded.values;
  const { ssl } = tunnel.server;
  const { wildcard } = server.ssl;
  return [
    { options: ssl, path: SSL },
    ...ssl.certificates.map((options, index) => ({ options, path: [...SSL, "certificates", index] })),
    ...(usesWildcard(server.ssl) && wildcard.covers_tunnels
      ? [{ options: wildcard, path: ["server", "ssl", "wildcard"] }]
      : []),
  ];
}

/** @param files the paths of the files that are read are added to this list. */
async function clientCa(settings: Settings, files: string[]): Promise<ClientCa | undefined> {
  const { ca_file, crl_file } = settings.loaded.values.tunnel.server.auth.certificate;
  if (ca_file === undefined) return undefined;
  const textOf = async (value: string, name: string): Promise<[path: string, text: string]> => {
    const path = settings.pathOf(value, "tunnel", "server", "auth", "certificate", name);
    files.push(path);
    return [path, (await readOwnedFile(path)).bytes.toString("utf8")];
  };
  const [caPath, ca] = await textOf(ca_file, "ca_file");
  const [crlPath, crl] = crl_file === undefined ? ["", undefined] : await textOf(crl_file, "crl_file");
  return new ClientCa({ ca, ...(crl === undefined ? {} : { crl }), names: { ca: caPath, crl: crlPath } });
}

/** The TLS options of the server; undefined without TLS. */
export function serverTls(
  settings: Settings,
  { certificates, clientCa: ca }: ServerCertificates,
): ServerTls | undefined {
  const { listen, public_https_port: port, ssl } = settings.loaded.values.tunnel.server;
  if (!ssl.enabled) return undefined;
  const host = listen.slice(0, listen.lastIndexOf(":"));
  const isOwnPort = port !== undefined && `${host}:${port}` !== listen;
  return {
    certificates,
    policy: {
      minVersion: `TLSv${ssl.min_tls_version}`,
      maxVersion: `TLSv${ssl.max_tls_version}`,
      ciphers: ssl.cipher_suites,
    },
    ...(isOwnPort ? { listen: `${host}:${port}` } : {}),
    ...(ca === undefined ? {} : { clientCa: ca }),
    redirect: ssl.redirect.enabled,
    redirectExempt: ssl.redirect.exempt_paths,
  };
}
