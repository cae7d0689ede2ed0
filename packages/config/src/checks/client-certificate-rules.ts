import { isIP } from "node:net";
import type { RouteConfiguration } from "../declared/configuration.js";
import type { Path } from "../file/path.js";
import type { RuleViolation } from "./rule-violation.js";

/** Checks the options for client certificates of a route. */
export function* clientCertificateViolations(
  { host, access }: RouteConfiguration,
  path: Path,
  { isSecure, earlier }: { isSecure: boolean; earlier: readonly RouteConfiguration[] },
): Generator<RuleViolation> {
  const { client_ca_file: ca, client_crl_file: crl, client_names: names } = access;
  const place = (name: string): Path => [...path, "access", name];
  if (ca === undefined) {
    const given = crl !== undefined ? "client_crl_file" : names.length > 0 ? "client_names" : undefined;
    if (given === undefined) return;
    yield { path: place(given), message: `${given} needs client_ca_file. Add: client_ca_file = "clients.pem"` };
    return;
  }
  if (host === undefined) {
    const message =
      'client_ca_file needs a route with host: the host in the TLS handshake decides who is asked for a certificate. Add: host = "app.example.com"';
    yield { path: place("client_ca_file"), message };
    return;
  }
  if (isIP(host.replace(/^\[|\]$/g, "")) > 0) {
    const message = "client_ca_file needs a host name: TLS handshakes do not contain IP addresses.";
    yield { path: place("client_ca_file"), message };
    return;
  }
  if (!isSecure) {
    const message = "client_ca_file needs HTTPS: visitors send certificates only in TLS. Enable [server.ssl].";
    yield { path: place("client_ca_file"), message };
  }
  const other = earlier.find((route) => route.host === host && route.access.client_ca_file !== undefined)?.access;
  for (const name of ["client_ca_file", "client_crl_file"] as const) {
    if (other === undefined || other[name] === access[name]) continue;
    const message = `${name} differs from that of an earlier route of ${host}. A handshake is for all routes of a host: use the same file.`;
    yield { path: access[name] === undefined ? [...path, "access"] : place(name), message };
  }
}
