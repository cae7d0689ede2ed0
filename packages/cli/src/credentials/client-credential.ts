import type { ConnectOptions } from "@postern/client";
import { loadClientKey, loadEndpointKey } from "./client-key.js";
import type { Settings } from "../settings/configuration.js";
import { loadClientCertificate } from "./client-certificate.js";
import { CliError } from "../errors.js";
import { readSecretFile } from "../settings/owned-file.js";
import { STRENGTH } from "../settings/precedence.js";
import type { Auth, CredentialPlace } from "./credential-place.js";
import { refreshStateFile } from "./refresh-state.js";

/** What a client logs in with. */
export interface ClientCredential {
  options: Pick<ConnectOptions, "apiKey" | "token" | "tokenRefresh" | "user" | "tls">;
  /** Where it comes from: when one of them changes, so does it. */
  files: string[];
  /** What their owner should know. */
  warnings: string[];
}

/** Finds the client's credential in `[tunnel.auth]`. Throws PN_KEY_MISSING, and what reading files throws. */
export function loadClientCredential(settings: Settings): Promise<ClientCredential> {
  return load(settings, [sharedPlace(settings)], () => loadClientKey(settings));
}

/** The same for the endpoint at `index`: what it says itself, else what `[tunnel.auth]` says. */
export function loadEndpointCredential(settings: Settings, index: number): Promise<ClientCredential> {
  const auth = settings.loaded.values.tunnel.endpoints[index]?.auth as Auth;
  const own: CredentialPlace = { auth, path: ["tunnel", "endpoints", index, "auth"] };
  const shared = sharedPlace(settings);
  return load(settings, [own, auth.token_refresh.enabled ? shared : withoutRefresh(shared)], () =>
    loadEndpointKey(settings, index),
  );
}

/** An endpoint that switches refreshing off has none at all, also not that of `[tunnel.auth]`. */
function withoutRefresh({ auth, path }: CredentialPlace): CredentialPlace {
  return { path, auth: { ...auth, token_refresh: { ...auth.token_refresh, enabled: false } } };
}

function sharedPlace(settings: Settings): CredentialPlace {
  return { auth: settings.loaded.values.tunnel.auth, path: ["tunnel", "auth"] };
}

/** @param places the nearer before the farther. */
async function load(
  settings: Settings,
  places: CredentialPlace[],
  loadKey: () => ReturnType<typeof loadClientKey>,
): Promise<ClientCredential> {
  const user = places.find(({ auth }) => auth.user !== undefined)?.auth.user;
  const who = user === undefined ? {} : { user };
  const method = places.map((place) => methodOf(place, settings)).find((found) => found !== undefined) ?? "api_key";
  // Shown also by who logs in otherwise: a proxy on the way may ask for it.
  const certificate = await loadClientCertificate(settings, places);
  const shown = certificate === undefined ? {} : { tls: certificate.tls };
  const [shownFiles, shownWarnings] = [certificate?.files ?? [], certificate?.warnings ?? []];
  if (method === "certificate") {
    if (certificate === undefined) throw new CliError("PN_KEY_MISSING", "No certificate is given.", CERTIFICATE_FIX);
    return { options: { ...shown, ...who }, files: shownFiles, warnings: shownWarnings };
  }
  if (method === "api_key") {
    const { key, file, warning } = await loadKey();
    const found = (value: string | undefined): string[] => (value === undefined ? [] : [value]);
    return {
      options: { apiKey: key, ...shown, ...who },
      files: [...found(file), ...shownFiles],
      warnings: [...found(warning), ...shownWarnings],
    };
  }
  const place = places.find(({ auth }) => hasToken(auth));
  if (place === undefined) throw new CliError("PN_KEY_MISSING", "No token is given.", FIX);
  const { token, files, warnings } = await tokenOf(place, settings);
  const tokenRefresh = refreshOf(place.auth, settings);
  const options = {
    ...(token === undefined ? {} : { token }),
    ...(tokenRefresh && { tokenRefresh }),
    ...shown,
    ...who,
  };
  return { options, files: [...files, ...shownFiles], warnings: [...warnings, ...shownWarnings] };
}

const CERTIFICATE_FIX = "Set cert_file and key_file in [tunnel.auth]. `postern cert dev` makes some to try things out.";

const FIX = [
  "From a file:      postern http 3000 --token-file my.token",
  "Or set it once:   export POSTERN_TOKEN_FILE=~/.config/postern/my.token",
  "Or let it be got: refresh_url and refresh_token in [tunnel.auth.token_refresh]",
].join("\n");

/** Undefined: nothing is said there. What was typed wins over `method`, and that over what is given. */
function methodOf({ auth, path }: CredentialPlace, settings: Settings): Auth["method"] | undefined {
  const strength = (...option: string[]): number => STRENGTH[settings.loaded.origin(...path, ...option).from];
  const key = Math.max(strength("api_key"), strength("api_key_file"));
  const refresh = auth.token_refresh.enabled ? strength("token_refresh", "refresh_token") : 0;
  const token = Math.max(strength("token"), strength("token_file"), refresh);
  if (token === STRENGTH.flag && token > key) return "token";
  if (key === STRENGTH.flag && key > token) return "api_key";
  if (strength("method") > 0) return auth.method;
  if (key > 0 || token > 0) return token > key ? "token" : "api_key";
  if (strength("cert_file") > 0) return "certificate";
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
  const strength = (name: string): number => STRENGTH[settings.loaded.origin(...path, name).from];
  if (file === undefined || strength("token") > strength("token_file")) {
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
  throw new CliError("PN_TOKEN_INVALID", `${source} holds no token: it is one line of printable ASCII without spaces.`);
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
