import type { ClientTls } from "@postern/client";
import type { Path } from "@postern/config";
import { readCertificate } from "@postern/net";
import type { CredentialPlace } from "./credential-place.js";
import type { Settings } from "../settings/configuration.js";
import { readOwnedFile, readSecretFile } from "../settings/owned-file.js";

export interface ClientCertificate {
  tls: Pick<ClientTls, "cert" | "key">;
  files: string[];
  warnings: string[];
}

/**
 * Reads the client's certificate from the first of `places` that names one, otherwise from `[tunnel.ssl]`; undefined
 * when there is none. Throws TlsError and CliError.
 */
export async function loadClientCertificate(
  settings: Settings,
  places: readonly CredentialPlace[],
): Promise<ClientCertificate | undefined> {
  const named = placeOf(settings, places);
  if (named === undefined) return undefined;
  const [certificate, key] = [settings.pathOf(...named.certificate), settings.pathOf(...named.key)];
  const secret = await readSecretFile(key);
  const { pem, key: plainKey } = readCertificate({
    certificate: (await readOwnedFile(certificate)).bytes,
    key: secret.text,
    names: { certificate, key },
    ...(named.passphrase === undefined ? {} : { passphrase: named.passphrase }),
  });
  return {
    tls: { cert: pem, key: plainKey },
    files: [certificate, key],
    warnings: secret.warning === undefined ? [] : [secret.warning],
  };
}

/** A path, and the option that names it. */
type NamedFile = [value: string, ...option: Path];

function placeOf(
  settings: Settings,
  places: readonly CredentialPlace[],
): { certificate: NamedFile; key: NamedFile; passphrase: string | undefined } | undefined {
  const own = places.find(({ auth }) => auth.cert_file !== undefined && auth.key_file !== undefined);
  const { client_cert, client_key } = settings.loaded.values.tunnel.ssl;
  const passphrase = places.find(({ auth }) => auth.key_passphrase !== undefined)?.auth.key_passphrase;
  if (own !== undefined) {
    const { auth, path } = own;
    return {
      certificate: [auth.cert_file as string, ...path, "cert_file"],
      key: [auth.key_file as string, ...path, "key_file"],
      passphrase,
    };
  }
  if (client_cert === undefined || client_key === undefined) return undefined;
  const path = ["tunnel", "ssl"] as const;
  return { certificate: [client_cert, ...path, "client_cert"], key: [client_key, ...path, "client_key"], passphrase };
}
