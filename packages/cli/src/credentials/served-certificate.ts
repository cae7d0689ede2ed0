import type { Path } from "@postern/config";
import { readCertificate, TlsError, type Certificate } from "@postern/net";
import type { Settings } from "../settings/configuration.js";
import { readOwnedFile, readSecretFile } from "../settings/owned-file.js";

/** Certificates that a listener presents. */
export interface ServedCertificates {
  certificates: Certificate[];
  /** Files to watch. */
  files: string[];
  warnings: string[];
}

/** The options that name the files of a certificate, and the table that contains them. */
export interface CertificatePlace {
  files: {
    cert_file: string | undefined;
    key_file: string | undefined;
    cert_chain_file?: string | undefined;
    key_passphrase?: string | undefined;
  };
  path: Path;
}

/** A certificate that expires within this many days is a warning. */
const EXPIRY_WARNING = 14;

/**
 * Reads a certificate, and adds it, its files and its warnings to `loaded`. Throws TlsError and CliError.
 * @param served the certificates of a running listener. Another one that has expired is refused, so that the last good
 * one stays. Undefined at start, where an expired certificate is better than none.
 */
export async function addCertificate(
  settings: Settings,
  { files, path }: CertificatePlace,
  loaded: ServedCertificates,
  served: readonly Certificate[] | undefined,
  now: number,
): Promise<void> {
  const pathOf = (name: "cert_file" | "key_file" | "cert_chain_file"): string =>
    settings.pathOf(files[name] as string, ...path, name);
  const [certFile, keyFile] = [pathOf("cert_file"), pathOf("key_file")];
  const chainFile = files.cert_chain_file === undefined ? undefined : pathOf("cert_chain_file");
  const key = await readSecretFile(keyFile);
  const certificate = readCertificate(
    {
      certificate: (await readOwnedFile(certFile)).bytes,
      key: key.text,
      names: { certificate: certFile, key: keyFile },
      acceptExpired: true,
      ...(chainFile === undefined ? {} : { chain: (await readOwnedFile(chainFile)).bytes }),
      ...(files.key_passphrase === undefined ? {} : { passphrase: files.key_passphrase }),
    },
    now,
  );
  const { fault, pem } = certificate;
  if (fault !== undefined && served !== undefined && !served.some((each) => each.pem === pem))
    throw new TlsError("PN_TLS_EXPIRED", fault);
  loaded.certificates.push(certificate);
  loaded.files.push(certFile, keyFile, ...(chainFile === undefined ? [] : [chainFile]));
  if (key.warning !== undefined) loaded.warnings.push(key.warning);
  const warning = validityWarning(certificate, certFile, now);
  if (warning !== undefined) loaded.warnings.push(warning);
}

function validityWarning({ fault, notAfter }: Certificate, file: string, now: number): string | undefined {
  if (fault !== undefined) return `${fault} Browsers and clients do not trust the server until then.`;
  const days = Math.floor((notAfter.getTime() - now) / 86_400_000);
  if (days >= EXPIRY_WARNING) return undefined;
  return `${file} expires in ${days} day${days === 1 ? "" : "s"}. Renew it; the server reloads it when it changes.`;
}
