import type { ConnectOptions, LocalTls } from "@postern/client";
import { parseLocalAddress } from "@postern/client/command";
import type { EndpointConfiguration, Path } from "@postern/config";
import { checkTrustPem } from "@postern/net";
import type { Settings } from "../settings/configuration.js";
import { readOwnedFile } from "../settings/owned-file.js";

export interface LocalTrust {
  localTls: LocalTls;
  /** Files to watch. */
  files: string[];
  warnings: string[];
}

/**
 * Reads how to verify the certificate of an endpoint's local service. Throws TlsError, and CliError for the file.
 * @param path of the endpoint in the configuration.
 */
export async function loadLocalTrust(
  { local_ca_file, local_verify }: EndpointConfiguration,
  local: ConnectOptions["local"],
  settings: Settings,
  path: Path,
): Promise<LocalTrust> {
  const file = local_ca_file === undefined ? undefined : settings.pathOf(local_ca_file, ...path, "local_ca_file");
  const ca = file === undefined ? undefined : (await readOwnedFile(file)).bytes.toString("utf8");
  if (ca !== undefined) checkTrustPem({ ca }, { ca: String(local_ca_file), crl: "" });
  return {
    localTls: { verify: local_verify, ...(ca === undefined ? {} : { ca }) },
    files: file === undefined ? [] : [file],
    warnings: warningsOf(local, local_verify, ca !== undefined),
  };
}

function warningsOf(local: ConnectOptions["local"], verify: boolean, hasCa: boolean): string[] {
  if (verify && !hasCa) return [];
  const option = verify ? "local_ca_file (--local-ca-file)" : "local_verify = false (--local-insecure)";
  if (typeof local === "object") return [`${option} has no effect: ${local.name} is a folder.`];
  if (!parseLocalAddress(local).tls)
    return [`${option} has no effect: the local service ${local} is not an https:// address.`];
  if (verify) return [];
  return [
    `The certificate of the local service ${local} is not verified (${option}): an attacker between this machine and the service can read and change all requests. Set local_ca_file instead.`,
  ];
}
