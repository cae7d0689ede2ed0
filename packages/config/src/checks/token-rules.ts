import type { Configuration, EndpointConfiguration, RouteConfiguration } from "../declared/configuration.js";
import type { Path } from "../file/path.js";
import type { RuleViolation } from "./rule-violation.js";

type Auth = EndpointConfiguration["auth"];

const SHORTEST_SECRET = 32;
const CALLBACK_PATH = "/.postern/oidc/callback";

/** Checks the token settings of a client. `shared`: `[tunnel.auth]`, for endpoints without credentials of their own. */
export function* clientTokenViolations(
  auth: Auth,
  path: Path,
  originOf: (path: Path) => string,
  shared: Auth | undefined,
): Generator<RuleViolation> {
  const { method, token, token_file, token_refresh } = auth;
  const origin = originOf([...path, "token"]);
  if (token !== undefined && token_file !== undefined && origin === originOf([...path, "token_file"])) {
    const names = origin === "environment" ? "POSTERN_TOKEN and POSTERN_TOKEN_FILE" : "token and token_file";
    yield { path: [...path, "token_file"], message: `${names} are both set. Remove one of them.` };
  }
  if (method === "token" && !hasToken(auth) && !(shared !== undefined && hasToken(shared))) {
    const message = 'method = "token" requires a token. Set token, token_file, or refresh_url and refresh_token.';
    yield { path: [...path, "method"], message };
  }
  const { enabled, refresh_url, refresh_token, client_id, client_secret } = token_refresh;
  const refresh = [...path, "token_refresh"];
  if (!enabled) return;
  if ((refresh_url === undefined) !== (refresh_token === undefined))
    yield { path: refresh, message: "refresh_url and refresh_token must be set together. Set both or neither." };
  if (client_secret !== undefined && client_id === undefined)
    yield { path: [...refresh, "client_secret"], message: "client_secret requires client_id. Set both." };
  yield* plainViolation(refresh_url, [...refresh, "refresh_url"]);
}

/** Checks the token settings of a server. */
export function* serverTokenViolations(
  jwt: Configuration["tunnel"]["server"]["auth"]["jwt"],
  path: Path,
): Generator<RuleViolation> {
  const { enabled, introspection_url, client_id, client_secret } = jwt;
  if (!enabled) return;
  if (keysOf(jwt).length === 0 && introspection_url === undefined)
    yield { path, message: "token logins require a key. Set secret, public_key_file, jwks_url or introspection_url." };
  yield* keyViolations(jwt, path, "tokens issued for other services could open tunnels here");
  if (client_secret !== undefined && client_id === undefined)
    yield { path: [...path, "client_secret"], message: "client_secret requires client_id. Set both." };
  yield* plainViolation(introspection_url, [...path, "introspection_url"]);
}

/** Checks which tokens of visitors a route accepts. */
export function* visitorTokenViolations(
  { jwt, basic_auth }: RouteConfiguration["access"],
  path: Path,
  originOf: (path: Path) => string,
): Generator<RuleViolation> {
  const place = [...path, "jwt"];
  if (!jwt.enabled) return;
  const isSet = Object.keys(jwt).some((name) => originOf([...place, name]) !== "default");
  const hasKey = keysOf(jwt).length > 0;
  if (isSet && !hasKey)
    yield { path: place, message: "tokens require a key. Set secret, public_key_file or jwks_url." };
  yield* keyViolations(jwt, place, "tokens issued for other services would be valid here");
  if (hasKey && basic_auth !== undefined)
    yield {
      path: [...path, "basic_auth"],
      message: "basic_auth and jwt exclude each other: a request has one Authorization header. Keep one of them.",
    };
}

/** Checks the OpenID providers of the gateway and of the server. */
export function* providerViolations({ server, tunnel }: Configuration): Generator<RuleViolation> {
  yield* plainViolation(server.oidc.issuer, ["server", "oidc", "issuer"]);
  yield* plainViolation(tunnel.server.oidc.issuer, ["tunnel", "server", "oidc", "issuer"]);
  const { callback_url } = server.oidc;
  const path = ["server", "oidc", "callback_url"];
  yield* plainViolation(callback_url, path);
  const callback = callback_url === undefined ? null : URL.parse(callback_url);
  if (callback !== null && callback.pathname + callback.search + callback.hash !== CALLBACK_PATH)
    yield { path, message: `callback_url must have the path ${CALLBACK_PATH}.` };
}

interface Keys {
  secret: string | undefined;
  public_key_file: string | undefined;
  jwks_url: string | undefined;
  audience: string | undefined;
}

function keysOf({ secret, public_key_file, jwks_url }: Keys): string[] {
  return [secret, public_key_file, jwks_url].filter((each) => each !== undefined);
}

/** @param danger of a JWKS without an audience */
function* keyViolations(keys: Keys, path: Path, danger: string): Generator<RuleViolation> {
  const { secret, jwks_url, audience } = keys;
  if (keysOf(keys).length > 1)
    yield { path, message: "secret, public_key_file and jwks_url exclude each other. Keep one and remove the others." };
  if (secret !== undefined && Buffer.byteLength(secret) < SHORTEST_SECRET) {
    const message = `secret needs at least ${SHORTEST_SECRET} bytes. Generate one: openssl rand -hex 32`;
    yield { path: [...path, "secret"], message };
  }
  if (jwks_url !== undefined && audience === undefined)
    yield { path: [...path, "jwks_url"], message: `jwks_url requires audience. Without it, ${danger}.` };
  yield* plainViolation(jwks_url, [...path, "jwks_url"]);
}

function hasToken({ token, token_file, token_refresh }: Auth): boolean {
  const { enabled, refresh_url, refresh_token } = token_refresh;
  return token !== undefined || token_file !== undefined || (enabled && (refresh_url ?? refresh_token) !== undefined);
}

function* plainViolation(address: string | undefined, path: Path): Generator<RuleViolation> {
  const parsed = address === undefined ? null : URL.parse(address);
  if (parsed === null || parsed.protocol === "https:" || isThisMachine(parsed.hostname)) return;
  const message = `${path.at(-1)} must use https://. Over http:// others could read the secrets or forge the response.`;
  yield { path, message };
}

function isThisMachine(host: string): boolean {
  return host === "[::1]" || /^127(\.\d{1,3}){3}$/.test(host) || /^(.+\.)?localhost\.?$/.test(host);
}
