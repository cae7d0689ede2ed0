import type { Configuration, EndpointConfiguration } from "./declared/configuration.js";
import type { Path } from "./path.js";
import type { RuleFault } from "./rule-fault.js";

type Auth = EndpointConfiguration["auth"];

const SHORTEST_SECRET = 32;

/** What is wrong with the token of a client. `shared`: what an endpoint has where it says nothing itself. */
export function* tokenFaults(
  auth: Auth,
  path: Path,
  originOf: (path: Path) => string,
  shared: Auth | undefined,
): Generator<RuleFault> {
  const { method, token, token_file, token_refresh } = auth;
  const origin = originOf([...path, "token"]);
  if (token !== undefined && token_file !== undefined && origin === originOf([...path, "token_file"])) {
    const names = origin === "environment" ? "POSTERN_TOKEN and POSTERN_TOKEN_FILE" : "token and token_file";
    yield { path: [...path, "token_file"], message: `${names} are both set. Remove one of the two.` };
  }
  if (method === "token" && !hasToken(auth) && !(shared !== undefined && hasToken(shared))) {
    const message = "logging in by token needs a token. Set token, token_file, or refresh_url and refresh_token.";
    yield { path: [...path, "method"], message };
  }
  const { enabled, refresh_url, refresh_token, client_id, client_secret } = token_refresh;
  const refresh = [...path, "token_refresh"];
  if (!enabled) return;
  if ((refresh_url === undefined) !== (refresh_token === undefined))
    yield { path: refresh, message: "refresh_url and refresh_token need each other. Set both or none." };
  if (client_secret !== undefined && client_id === undefined)
    yield { path: [...refresh, "client_secret"], message: "client_secret needs a client_id." };
  yield* plainFault(refresh_url, [...refresh, "refresh_url"]);
}

/** What is wrong with the tokens that a server takes. */
export function* acceptedTokenFaults(
  jwt: Configuration["tunnel"]["server"]["auth"]["jwt"],
  path: Path,
): Generator<RuleFault> {
  const { enabled, secret, public_key_file, jwks_url, introspection_url, client_id, client_secret, audience } = jwt;
  if (!enabled) return;
  const keys = [secret, public_key_file, jwks_url].filter((each) => each !== undefined).length;
  if (keys === 0 && introspection_url === undefined)
    yield { path, message: "tokens need a secret, a public_key_file, a jwks_url or an introspection_url." };
  if (keys > 1) yield { path, message: "tokens have one of secret, public_key_file and jwks_url. Remove the others." };
  if (secret !== undefined && Buffer.byteLength(secret) < SHORTEST_SECRET) {
    const message = `the secret needs ${SHORTEST_SECRET} bytes at least. Make one with: openssl rand -hex 32`;
    yield { path: [...path, "secret"], message };
  }
  if (jwks_url !== undefined && audience === undefined) {
    const message =
      "jwks_url needs an audience: without one, tokens that were made for other services open tunnels here.";
    yield { path: [...path, "jwks_url"], message };
  }
  if (client_secret !== undefined && client_id === undefined)
    yield { path: [...path, "client_secret"], message: "client_secret needs a client_id." };
  yield* plainFault(jwks_url, [...path, "jwks_url"]);
  yield* plainFault(introspection_url, [...path, "introspection_url"]);
}

function hasToken({ token, token_file, token_refresh }: Auth): boolean {
  const { enabled, refresh_url, refresh_token } = token_refresh;
  return token !== undefined || token_file !== undefined || (enabled && (refresh_url ?? refresh_token) !== undefined);
}

function* plainFault(address: string | undefined, path: Path): Generator<RuleFault> {
  const parsed = address === undefined ? null : URL.parse(address);
  if (parsed === null || parsed.protocol === "https:" || isThisMachine(parsed.hostname)) return;
  const message = `${path.at(-1)} needs https://: others on the way could read secrets, or answer in its place.`;
  yield { path, message };
}

function isThisMachine(host: string): boolean {
  return host === "[::1]" || /^127(\.\d{1,3}){3}$/.test(host) || /^(.+\.)?localhost\.?$/.test(host);
}
