import type { ConnectOptions } from "../options.js";
import { parseProxy } from "../server-connection/proxy-address.js";
import type { Credential, CredentialReport } from "./credential.js";
import { FixedCredential } from "./fixed-credential.js";
import { RenewedToken } from "./renewed-token.js";
import { sharedSource } from "./shared-sources.js";

/** @throws TypeError when `options` has no credential or several, or the proxy of `tokenRefresh` cannot be parsed. */
export function credentialOf(options: ConnectOptions, report: CredentialReport): Credential {
  const { apiKey, token, tokenRefresh, user, tls } = options;
  const byCertificate = apiKey === undefined && token === undefined && tokenRefresh === undefined;
  if (byCertificate && tls?.cert !== undefined)
    return new FixedCredential({ method: "certificate", ...(user === undefined ? {} : { user }) }, report);
  if ((apiKey === undefined) === (token === undefined && tokenRefresh === undefined))
    throw new TypeError("Give exactly one credential: apiKey, or token and tokenRefresh, or a certificate in tls.");
  const identity = user === undefined ? {} : { user };
  if (tokenRefresh?.proxy !== undefined) parseProxy(tokenRefresh.proxy);
  if (tokenRefresh !== undefined) return new RenewedToken(sharedSource(tokenRefresh, token), identity, report);
  return new FixedCredential(
    apiKey === undefined
      ? { method: "token", token: token!, ...identity }
      : { method: "api_key", api_key: apiKey, ...identity },
    report,
  );
}
