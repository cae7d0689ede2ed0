import type { Path } from "@postern/config";
import { readCertificate, TlsError, type Certificate } from "@postern/net";
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

export interface LoadedCertificate {
  certificate: Certificate;
  /** Files to watch. */
  files: string[];
  warnings: string[];
}

/**
 * Reads a certificate that visitors or clients get. Throws TlsError, and CliError for the files.
 * @param options with cert_file and key_file
 * @param path of the table with these options in the configuration.
 * @param served the certificates in use. Another one that has expired is refused, so that the last good one stays.
 * Undefined at start, where an expired certificate is better than none.
 */
export async function loadCertificate(
  settings: Settings,
  options: CertificateOptions,
  path: Path,
  served: readonly Certificate[] | undefined,
  now: number,
): Promise<LoadedCertificate> {
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
  const warnings = [key.warning, validityWarning(certificate, certFile, now)].filter((each) => each !== undefined);
  return { certificate, files: [certFile, keyFile, ...(chainFile === undefined ? [] : [chainFile])], warnings };
}

function validityWarning({ fault, notAfter }: Certificate, file: string, now: number): string | undefined {
  if (fault !== undefined) return `${fault} Browsers and clients do not trust the server until then.`;
  const days = Math.floor((notAfter.getTime() - now) / 86_400_000);
  if (days >= EXPIRY_WARNING) return undefined;
  return `${file} expires in ${days} day${days === 1 ? "" : "s"}. Renew it; the server reloads it when it changes.`;
}
