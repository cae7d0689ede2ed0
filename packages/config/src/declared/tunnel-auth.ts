import { option, section, type Section } from "./declaration.js";
import { choice } from "../kinds/choice.js";
import { filePath } from "../kinds/file-path.js";
import { flag } from "../kinds/flag.js";
import { headers } from "../kinds/headers.js";
import { duration } from "../kinds/quantity.js";
import { text } from "../kinds/text.js";
import { url } from "../kinds/address.js";

const entries = {
  method: option(
    choice(["api_key", "token", "certificate"]),
    "How the client authenticates. Default: `token` if only a token is set, otherwise `api_key`.",
    { default: "api_key" },
  ),
  api_key: option(text(), "API key. Prefer api_key_file or the environment: they keep the key out of this file.", {
    secret: true,
    env: "POSTERN_API_KEY",
    example: '"${MY_API_KEY:none}"',
  }),
  api_key_file: option(filePath, "File with the API key, not readable by other users.", {
    env: "POSTERN_API_KEY_FILE",
    flag: "--api-key-file <file>",
    example: '"postern.key"',
  }),
  token: option(
    text(),
    "Token, a JWT or an opaque token, at most 3 KiB. With token_refresh, the token for the first login.",
    { secret: true, env: "POSTERN_TOKEN" },
  ),
  token_file: option(filePath, "File with the token, not readable by other users; reloaded when it changes.", {
    env: "POSTERN_TOKEN_FILE",
    flag: "--token-file <file>",
  }),
  cert_file: option(filePath, "Client certificate with its chain, PEM.", { flag: "--cert-file <file>" }),
  key_file: option(filePath, "Private key of the client certificate, PEM.", {
    flag: "--key-file <file>",
  }),
  key_passphrase: option(text(), "Passphrase of key_file, if the key is encrypted.", { secret: true }),
  user: option(
    text(),
    "User name to suggest to the server for tunnels without a requested subdomain. It grants nothing. Default: the user in the token.",
    { env: "POSTERN_USER", example: '"alice"' },
  ),
  headers: option(
    headers(),
    "Header fields to add to the WebSocket handshake, for instance for a proxy in front of the server.",
    {
      default: {} as Record<string, string>,
      secret: true,
    },
  ),
  token_refresh: section("Renewal of tokens before they expire (OAuth 2.0 refresh grant).", {
    enabled: option(flag(), "Renew tokens, once refresh_url and refresh_token are set.", {
      default: true,
    }),
    refresh_url: option(
      url(["https", "http"], "https://auth.example.com/token"),
      "Token endpoint of the issuer. `http://` is only allowed for this machine.",
      { example: '"https://auth.example.com/token"' },
    ),
    interval: option(duration({ min: 1_000 }), "Time between two renewals of a token whose expiry is unknown.", {
      default: 3_600_000,
    }),
    refresh_token: option(
      text(),
      "Refresh token. If the issuer replaces it, the new one is kept in ~/.local/state/postern (XDG_STATE_HOME).",
      { secret: true, env: "POSTERN_REFRESH_TOKEN", example: '"${MY_REFRESH_TOKEN:none}"' },
    ),
    client_id: option(text(), "OAuth client id for refresh_url, if the issuer requires one.", { example: '"postern"' }),
    client_secret: option(text(), "OAuth client secret for refresh_url. Requires client_id.", { secret: true }),
  }),
};

/** `[tunnel.auth]`, and `auth` of each endpoint. */
export function tunnelAuth(doc: string): Section<typeof entries> {
  return section(doc, entries);
}
