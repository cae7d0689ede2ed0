import type { ConnectOptions } from "../options.js";
import { parseProxy } from "../server-way/proxy-address.js";
import type { Credential, CredentialReport } from "./credential.js";
import { FixedCredential } from "./fixed-credential.js";
import { RenewedToken } from "./renewed-token.js";
import { sharedSource } from "./shared-sources.js";

/** @throws TypeError when `options` name no credential, or several, or a proxy that cannot be understood. */
export function credentialOf(options: ConnectOptions, report: CredentialReport): Credential {
  const { apiKey, token, tokenRefresh, user, tls } = options;
  const byCertificate = apiKey === undefined && token === undefined && tokenRefresh === undefined;
  if (byCertificate && tls?.cert !== undefined)
    return new FixedCredential({ method: "certificate", ...(user === undefined ? {} : { user }) }, report);
  if ((apiKey === undefined) === (token === undefined && tokenRefresh === undefined))
    throw new TypeError("A tunnel has either an apiKey, or a token or tokenRefresh, or a certificate in tls.");
  const who = user === undefined ? {} : { user };
  if (tokenRefresh?.proxy !== undefined) parseProxy(tokenRefresh.proxy);
  if (tokenRefresh !== undefined) return new RenewedToken(sharedSource(tokenRefresh, token), who, report);
  return new FixedCredential(
    apiKey === undefined ? { method: "token", token: token!, ...who } : { method: "api_key", api_key: apiKey, ...who },
    report,
  );
}
