import type { ClientTls } from "@postern/client";
import { checkTrustPem } from "@postern/net";
import type { Settings } from "../settings/configuration.js";
import { readOwnedFile } from "../settings/owned-file.js";

export interface ClientTrust {
  tls: ClientTls;
  /** Files to watch. */
  files: string[];
  warnings: string[];
}

/** Reads from `[tunnel.ssl]` how to verify servers. Throws TlsError, and CliError for the files. */
export async function loadClientTrust(settings: Settings): Promise<ClientTrust> {
  const { ssl } = settings.loaded.values.tunnel;
  const files: string[] = [];
  const pemOf = async (name: "ca_file" | "crl_file"): Promise<string | undefined> => {
    const value = ssl[name];
    if (value === undefined) return undefined;
    const file = settings.pathOf(value, "tunnel", "ssl", name);
    files.push(file);
    return (await readOwnedFile(file)).bytes.toString("utf8");
  };
  const [ca, crl] = [await pemOf("ca_file"), await pemOf("crl_file")];
  const pem = { ...(ca === undefined ? {} : { ca }), ...(crl === undefined ? {} : { crl }) };
  checkTrustPem(pem, { ca: ssl.ca_file ?? "", crl: ssl.crl_file ?? "" });
  return {
    tls: {
      ...pem,
      verify: ssl.verify_server,
      alpnProtocols: ssl.alpn_protocols,
      ...(ssl.sni_hostname === undefined ? {} : { serverName: ssl.sni_hostname }),
    },
    files,
    warnings: ssl.verify_server
      ? []
      : [
          "The server's certificate is not verified (verify_server = false): an attacker on the network can read the credentials and all traffic. Set ca_file instead.",
        ],
  };
}
