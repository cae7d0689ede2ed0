import type { ConnectOptions } from "@postern/client";
import { loadClientKey, loadEndpointKey } from "./client-key.js";
import type { Settings } from "../settings/configuration.js";
import { loadClientCertificate } from "./client-certificate.js";
import { CliError } from "../errors.js";
import { readSecretFile } from "../settings/owned-file.js";
import { PRECEDENCE } from "../settings/precedence.js";
import type { Auth, CredentialPlace } from "./credential-place.js";
import { refreshStateFile } from "./refresh-state.js";

/** The credential that a client logs in with. */
export interface ClientCredential {
  options: Pick<ConnectOptions, "apiKey" | "token" | "tokenRefresh" | "user" | "tls">;
  /** Files to watch. A change reloads the credential. */
  files: string[];
  warnings: string[];
}

/**
 * Reads the client's credential from `[tunnel.auth]`. Throws PN_KEY_MISSING, and CliError or TlsError for its files.
 */
export function loadClientCredential(settings: Settings): Promise<ClientCredential> {
  return load(settings, [sharedPlace(settings)], () => loadClientKey(settings));
}

/** Reads the credential of the endpoint at `index`: from its own `auth`, otherwise from `[tunnel.auth]`. */
export function loadEndpointCredential(settings: Settings, index: number): Promise<ClientCredential> {
  const auth = settings.loaded.values.tunnel.endpoints[index]?.auth as Auth;
  const own: CredentialPlace = { auth, path: ["tunnel", "endpoints", index, "auth"] };
  const shared = sharedPlace(settings);
  return load(settings, [own, auth.token_refresh.enabled ? shared : withoutRefresh(shared)], () =>
    loadEndpointKey(settings, index),
  );
}

/** An endpoint that disables token refresh does not inherit the token refresh of `[tunnel.auth]`. */
function withoutRefresh({ auth, path }: CredentialPlace): CredentialPlace {
  return { path, auth: { ...auth, token_refresh: { ...auth.token_refresh, enabled: false } } };
}

function sharedPlace(settings: Settings): CredentialPlace {
  return { auth: settings.loaded.values.tunnel.auth, path: ["tunnel", "auth"] };
}

/** @param places in order of precedence. */
async function load(
  settings: Settings,
  places: CredentialPlace[],
  loadKey: () => ReturnType<typeof loadClientKey>,
): Promise<ClientCredential> {
  const user = places.find(({ auth }) => auth.user !== undefined)?.auth.user;
  const userOption = user === undefined ? {} : { user };
  const method = places.map((place) => methodOf(place, settings)).find((found) => found !== undefined) ?? "api_key";
  // The certificate is also presented with other login methods, because a proxy in between may require it.
  const certificate = await loadClientCertificate(settings, places);
  const tlsOption = certificate === undefined ? {} : { tls: certificate.tls };
  const [certificateFiles, certificateWarnings] = [certificate?.files ?? [], certificate?.warnings ?? []];
  if (method === "certificate") {
    if (certificate === undefined) throw new CliError("PN_KEY_MISSING", "No certificate is given.", CERTIFICATE_FIX);
    return { options: { ...tlsOption, ...userOption }, files: certificateFiles, warnings: certificateWarnings };
  }
  if (method === "api_key") {
    const { key, file, warning } = await loadKey();
    const found = (value: string | undefined): string[] => (value === undefined ? [] : [value]);
    return {
      options: { apiKey: key, ...tlsOption, ...userOption },
      files: [...found(file), ...certificateFiles],
      warnings: [...found(warning), ...certificateWarnings],
    };
  }
  const place = places.find(({ auth }) => hasToken(auth));
  if (place === undefined) throw new CliError("PN_KEY_MISSING", "No token is given.", FIX);
  const { token, files, warnings } = await tokenOf(place, settings);
  const tokenRefresh = refreshOf(place.auth, settings);
  const options = {
    ...(token === undefined ? {} : { token }),
    ...(tokenRefresh && { tokenRefresh }),
    ...tlsOption,
    ...userOption,
  };
  return { options, files: [...files, ...certificateFiles], warnings: [...warnings, ...certificateWarnings] };
}

const CERTIFICATE_FIX =
  "Set cert_file and key_file in [tunnel.auth], or --cert-file and --key-file. `postern cert dev` makes a pair for development.";

const FIX = [
  "On the command line:    --token-file my.token",
  "In the environment:     export POSTERN_TOKEN_FILE=~/.config/postern/my.token",
  "With renewal:           refresh_url and refresh_token in [tunnel.auth.token_refresh]",
].join("\n");

/**
 * The login method of a place; undefined when none is set. A flag overrides `method`, and `method` overrides the
 * presence of a credential.
 */
function methodOf({ auth, path }: CredentialPlace, settings: Settings): Auth["method"] | undefined {
  const precedence = (...option: string[]): number => PRECEDENCE[settings.loaded.origin(...path, ...option).from];
  const key = Math.max(precedence("api_key"), precedence("api_key_file"));
  const refresh = auth.token_refresh.enabled ? precedence("token_refresh", "refresh_token") : 0;
  const token = Math.max(precedence("token"), precedence("token_file"), refresh);
  if (precedence("cert_file") === PRECEDENCE.flag && Math.max(key, token) < PRECEDENCE.flag) return "certificate";
  if (token === PRECEDENCE.flag && token > key) return "token";
  if (key === PRECEDENCE.flag && key > token) return "api_key";
  if (precedence("method") > 0) return auth.method;
  if (key > 0 || token > 0) return token > key ? "token" : "api_key";
  if (precedence("cert_file") > 0) return "certificate";
  return undefined;
}

function hasToken({ token, token_file, token_refresh }: Auth): boolean {
  const refreshes = token_refresh.enabled && token_refresh.refresh_token !== undefined;
  return token !== undefined || token_file !== undefined || refreshes;
}

async function tokenOf(
  { auth, path }: CredentialPlace,
  settings: Settings,
): Promise<{ token: string | undefined; files: string[]; warnings: string[] }> {
  const { token: direct, token_file: file } = auth;
  const precedence = (name: string): number => PRECEDENCE[settings.loaded.origin(...path, name).from];
  if (file === undefined || precedence("token") > precedence("token_file")) {
    if (direct !== undefined) checkToken(direct, "The token");
    return { token: direct, files: [], warnings: [] };
  }
  const place = settings.pathOf(file, ...path, "token_file");
  const { text, warning } = await readSecretFile(place);
  const token = text.trim();
  checkToken(token, place);
  return { token, files: [place], warnings: warning === undefined ? [] : [warning] };
}

function checkToken(token: string, source: string): void {
  if (/^[\x21-\x7e]+$/.test(token)) return;
  throw new CliError(
    "PN_TOKEN_INVALID",
    `${source} contains no valid token. A token is one line of printable ASCII without spaces.`,
  );
}

function refreshOf({ token_refresh }: Auth, settings: Settings): ConnectOptions["tokenRefresh"] {
  const { enabled, refresh_url: url, refresh_token: refreshToken, interval, client_id, client_secret } = token_refresh;
  if (!enabled || url === undefined || refreshToken === undefined) return undefined;
  return {
    url,
    refreshToken,
    interval,
    ...(client_id === undefined ? {} : { clientId: client_id }),
    ...(client_secret === undefined ? {} : { clientSecret: client_secret }),
    stateFile: refreshStateFile(url, refreshToken, settings.env),
  };
}
