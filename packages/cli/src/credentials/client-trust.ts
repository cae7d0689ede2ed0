import type { ClientTls } from "@postern/client";
import { checkTrustPem } from "@postern/net";
import type { Settings } from "../settings/configuration.js";
import { readOwnedFile } from "../settings/owned-file.js";

export interface ClientTrust {
  tls: ClientTls;
  /** Files that it comes from. */
  files: string[];
  /** What the user should know, at every start. */
  warnings: string[];
}

/** How servers are trusted, as `[tunnel.ssl]` says. Throws TlsError, and what reading the files throws. */
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
          "The server's certificate is not checked (verify_server = false): whoever stands on the way can read the API key and all traffic. Set ca_file instead.",
        ],
  };
}
