import { option, section, type Section } from "../declaration.js";
import { choice } from "../kinds/choice.js";
import { flag } from "../kinds/flag.js";
import { headers } from "../kinds/headers.js";
import { duration } from "../kinds/quantity.js";
import { text } from "../kinds/text.js";
import { url } from "../kinds/address.js";

const entries = {
  method: option(
    choice(["api_key", "token", "certificate"]),
    "How the client proves who it is. Not set: by token when only a token is given.",
    { default: "api_key" },
  ),
  api_key: option(text(), "The API key. Better kept in a file of its own, or in the environment.", {
    secret: true,
    env: "POSTERN_API_KEY",
    example: '"${MY_API_KEY:none}"',
  }),
  api_key_file: option(text({ what: "path" }), "A file with the API key, which only its owner can read.", {
    env: "POSTERN_API_KEY_FILE",
    flag: "--api-key-file <file>",
    example: '"postern.key"',
  }),
  token: option(text(), "A token, JWT or opaque, of at most 3 KiB. With token_refresh, the first of them.", {
    secret: true,
    env: "POSTERN_TOKEN",
  }),
  token_file: option(
    text({ what: "path" }),
    "A file with the token, which only its owner can read. Read again when it changes.",
    {
      env: "POSTERN_TOKEN_FILE",
      flag: "--token-file <file>",
    },
  ),
  cert_file: option(text({ what: "path" }), "The client's certificate with its chain, in PEM."),
  key_file: option(text({ what: "path" }), "The key of the client's certificate, in PEM."),
  key_passphrase: option(text(), "What that key is encrypted with.", { secret: true }),
  user: option(
    text(),
    "Who the client says it is: a tunnel that asks for no name is called so if it can. Default: the user of the token.",
    { env: "POSTERN_USER", example: '"alice"' },
  ),
  headers: option(headers(), "Extra HTTP headers of the handshake, for proxies on the way.", {
    default: {} as Record<string, string>,
    secret: true,
  }),
  token_refresh: section("Getting a new token before the old one runs out (OAuth 2.0 refresh grant).", {
    enabled: option(flag(), "Whether tokens are refreshed, once refresh_url and refresh_token are set.", {
      default: true,
    }),
    refresh_url: option(
      url(["https", "http"], "https://auth.example.com/token"),
      "Where new tokens come from. Without https only on this machine.",
      { example: '"https://auth.example.com/token"' },
    ),
    interval: option(duration({ min: 1_000 }), "Time between two refreshes, where nobody says when a token ends.", {
      default: 3_600_000,
    }),
    refresh_token: option(
      text(),
      "What new tokens are asked for with. One that takes its place is kept in ~/.local/state/postern (XDG_STATE_HOME).",
      { secret: true, env: "POSTERN_REFRESH_TOKEN", example: '"${MY_REFRESH_TOKEN:none}"' },
    ),
    client_id: option(text(), "Who asks, where the issuer wants to know.", { example: '"postern"' }),
    client_secret: option(text(), "What proves that, with client_id.", { secret: true }),
  }),
};

/** `[tunnel.auth]`, and the same of each endpoint. */
export function tunnelAuth(doc: string): Section<typeof entries> {
  return section(doc, entries);
}
