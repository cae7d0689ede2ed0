import type { RouteConfiguration } from "@postern/config";
import { checkTrustPem, readCertificate, type ClientTls } from "@postern/net";
import type { Settings } from "../settings/configuration.js";
import { readOwnedFile, readSecretFile } from "../settings/owned-file.js";

export interface TargetTrust {
  /** Undefined: by the CAs that Node trusts. */
  trust: ClientTls | undefined;
  /** Files to watch. */
  files: string[];
  warnings: string[];
}

/**
 * Reads `[proxy.ssl]` of a route: how to verify its targets, and the gateway's own certificate. Throws TlsError, and
 * CliError for the files.
 * @param index of the route in the configuration
 */
export async function loadTargetTrust(
  settings: Settings,
  route: RouteConfiguration,
  index: number,
): Promise<TargetTrust> {
  const { ssl } = route;
  const files: string[] = [];
  const warnings: string[] = [];
  if (!ssl.enabled) return { trust: undefined, files, warnings };
  if (!usesTls(route)) {
    if (ssl.ca_file !== undefined || ssl.client_cert_file !== undefined)
      warnings.push(`[proxy.ssl] of proxy[${index}] has no effect: no target of the route has an https:// URL.`);
    return { trust: undefined, files, warnings };
  }
  const fileOf = (name: "ca_file" | "client_cert_file" | "client_key_file"): string | undefined => {
    const value = ssl[name];
    if (value === undefined) return undefined;
    const file = settings.pathOf(value, "proxy", index, "ssl", name);
    files.push(file);
    return file;
  };
  const [caFile, certFile, keyFile] = [fileOf("ca_file"), fileOf("client_cert_file"), fileOf("client_key_file")];
  const trust: ClientTls = {};
  if (!ssl.verify_backend) {
    trust.verify = false;
    warnings.push(
      `The certificates of the targets of proxy[${index}] are not verified (verify_backend = false): an attacker on the network can read and change all requests. Set ca_file instead.`,
    );
  }
  if (caFile !== undefined) {
    trust.ca = (await readOwnedFile(caFile)).bytes.toString("utf8");
    checkTrustPem({ ca: trust.ca }, { ca: caFile, crl: "" });
  }
  if (certFile !== undefined && keyFile !== undefined) {
    const secret = await readSecretFile(keyFile);
    const names = { certificate: certFile, key: keyFile };
    const own = readCertificate({ certificate: (await readOwnedFile(certFile)).bytes, key: secret.text, names });
    trust.cert = own.pem;
    trust.key = own.key;
    if (secret.warning !== undefined) warnings.push(secret.warning);
  }
  if (ssl.sni_hostname !== undefined) trust.serverName = ssl.sni_hostname;
  return { trust: Object.keys(trust).length === 0 ? undefined : trust, files, warnings };
}

function usesTls({ ssl, target, targets }: RouteConfiguration): boolean {
  const urls = [target, ...targets.map(({ url }) => url)];
  return ssl.backend_ssl || urls.some((url) => url?.startsWith("https://") === true);
}
