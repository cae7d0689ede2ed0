import type { Path } from "@postern/config";
import { matchesName, readCertificate, TlsError, type Certificate } from "@postern/net";
import type { Settings } from "../settings/configuration.js";
import { readOwnedFile, readSecretFile } from "../settings/owned-file.js";

/** A certificate that expires within this many days is a warning. */
const EXPIRY_WARNING = 14;

/** The options that name the files of one certificate. */
export interface CertificateOptions {
  cert_file?: string | undefined;
  key_file?: string | undefined;
  cert_chain_file?: string | undefined;
  key_passphrase?: string | undefined;
}

/** A table that may name a certificate. */
export interface CertificatePlace {
  options: CertificateOptions;
  /** Of the table in the configuration. */
  path: Path;
  /** The host that the certificate is meant for; undefined: no particular one. */
  host?: string | undefined;
}

export interface LoadedCertificates {
  certificates: Certificate[];
  /** Files to watch. */
  files: string[];
  warnings: string[];
}

/**
 * Reads the certificates that visitors or clients get. Throws TlsError, and CliError for the files.
 * @param places those without a `cert_file` are left out.
 * @param served the certificates in use. Another one that has expired is refused, so that the last good one stays.
 * Undefined at start, where an expired certificate is better than none.
 */
export async function loadCertificates(
  settings: Settings,
  places: readonly CertificatePlace[],
  served: readonly Certificate[] | undefined,
  now: number,
): Promise<LoadedCertificates> {
  const loaded: LoadedCertificates = { certificates: [], files: [], warnings: [] };
  for (const place of places) {
    if (place.options.cert_file === undefined) continue;
    const { certificate, files, warnings } = await loadCertificate(settings, place, served, now);
    loaded.certificates.push(certificate);
    loaded.files.push(...files);
    loaded.warnings.push(...warnings);
  }
  return loaded;
}

async function loadCertificate(
  settings: Settings,
  { options, path, host }: CertificatePlace,
  served: readonly Certificate[] | undefined,
  now: number,
): Promise<Pick<LoadedCertificates, "files" | "warnings"> & { certificate: Certificate }> {
  const pathOf = (name: "cert_file" | "key_file" | "cert_chain_file"): string =>
    settings.pathOf(options[name] as string, ...path, name);
  const [certFile, keyFile] = [pathOf("cert_file"), pathOf("key_file")];
  const chainFile = options.cert_chain_file === undefined ? undefined : pathOf("cert_chain_file");
  const key = await readSecretFile(keyFile);
  const certificate = readCertificate(
    {
      certificate: (await readOwnedFile(certFile)).bytes,
      key: key.text,
      names: { certificate: certFile, key: keyFile },
      acceptExpired: true,
      ...(chainFile === undefined ? {} : { chain: (await readOwnedFile(chainFile)).bytes }),
      ...(options.key_passphrase === undefined ? {} : { passphrase: options.key_passphrase }),
    },
    now,
  );
  const { fault, pem } = certificate;
  if (fault !== undefined && served !== undefined && !served.some((each) => each.pem === pem))
    throw new TlsError("PN_TLS_EXPIRED", fault);
  const warnings = [
    key.warning,
    validityWarning(certificate, certFile, now),
    host === undefined || certificate.names.some((name) => covers(name, host))
      ? undefined
      : `${options.cert_file} does not cover ${host}: visitors of this host get another certificate.`,
  ].filter((each) => each !== undefined);
  return { certificate, files: [certFile, keyFile, ...(chainFile === undefined ? [] : [chainFile])], warnings };
}

function validityWarning({ fault, notAfter }: Certificate, file: string, now: number): string | undefined {
  if (fault !== undefined) return `${fault} Browsers and clients do not trust the server until then.`;
  const days = Math.floor((notAfter.getTime() - now) / 86_400_000);
  if (days >= EXPIRY_WARNING) return undefined;
  return `${file} expires in ${days} day${days === 1 ? "" : "s"}. Renew it; the server reloads it when it changes.`;
}

/** Whether a certificate with `name` serves `host`, which may be a wildcard itself. */
function covers(name: string, host: string): boolean {
  return name === host || (!host.startsWith("*.") && matchesName(name, host));
}
