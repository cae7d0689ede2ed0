import { checkTrustPem, readCertificate, type ClientTls } from "@postern/net";
import type { Settings } from "../settings/configuration.js";
import { readOwnedFile, readSecretFile } from "../settings/owned-file.js";

/** How the gateway verifies the targets of a route, and the certificate that it presents to them. */
export interface TargetTrust {
  tls: ClientTls;
  /** Files to watch. */
  files: string[];
  warnings: string[];
}

/** Reads `[proxy.ssl]` of a route with targets that use TLS. Throws TlsError, and CliError for the files. */
export async function loadTargetTrust(settings: Settings, route: number): Promise<TargetTrust> {
  const { ssl, target, targets, path: prefix, host } = settings.loaded.values.proxy[route]!;
  const loaded: TargetTrust = { tls: { verify: true }, files: [], warnings: [] };
  if (!ssl.enabled) return loaded;
  const urls = [target, ...targets.map(({ url }) => url)].filter((url) => url !== undefined);
  const name = prefix ?? host ?? "a route";
  if (!ssl.backend_ssl && !urls.some((url) => url.startsWith("https://"))) {
    if (ssl.ca_file !== undefined || ssl.client_cert_file !== undefined)
      loaded.warnings.push(`[proxy.ssl] of ${name} has no effect: no target of the route has an https:// URL.`);
    return loaded;
  }
  const pathOf = (value: string, name: string): string => {
    const path = settings.pathOf(value, "proxy", route, "ssl", name);
    loaded.files.push(path);
    return path;
  };
  loaded.tls.verify = ssl.verify_backend;
  if (ssl.sni_hostname !== undefined) loaded.tls.serverName = ssl.sni_hostname;
  if (ssl.ca_file !== undefined) {
    const path = pathOf(ssl.ca_file, "ca_file");
    loaded.tls.ca = (await readOwnedFile(path)).bytes.toString("utf8");
    checkTrustPem({ ca: loaded.tls.ca }, { ca: path, crl: "" });
  }
  if (ssl.client_cert_file !== undefined && ssl.client_key_file !== undefined) {
    const certificate = pathOf(ssl.client_cert_file, "client_cert_file");
    const key = pathOf(ssl.client_key_file, "client_key_file");
    const secret = await readSecretFile(key);
    const read = readCertificate({
      certificate: (await readOwnedFile(certificate)).bytes,
      key: secret.text,
      names: { certificate, key },
    });
    loaded.tls.cert = read.pem;
    loaded.tls.key = read.key;
    if (secret.warning !== undefined) loaded.warnings.push(secret.warning);
  }
  if (!ssl.verify_backend)
    loaded.warnings.push(
      `The certificates of the targets of ${name} are not verified (verify_backend = false): an attacker between this machine and a target can read and change all requests. Set ca_file in [proxy.ssl] instead.`,
    );
  return loaded;
}
