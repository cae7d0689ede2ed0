import { option, section, type Section } from "../declaration.js";
import { choice } from "../kinds/choice.js";
import { flag } from "../kinds/flag.js";
import { headers } from "../kinds/headers.js";
import { duration } from "../kinds/quantity.js";
import { text } from "../kinds/text.js";
import { url } from "../kinds/address.js";

const TOKEN = "logging in by token";
const CERTIFICATE = "logging in by certificate";

const entries = {
  method: option(choice(["api_key", "token", "certificate"]), "How the client proves who it is.", {
    default: "api_key",
    pending: "logging in by token or certificate",
  }),
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
  token: option(text(), "A token: JWT or opaque.", { secret: true, env: "POSTERN_TOKEN", pending: TOKEN }),
  cert_file: option(text({ what: "path" }), "The client's certificate, in PEM.", { pending: CERTIFICATE }),
  key_file: option(text({ what: "path" }), "The key of the client's certificate, in PEM.", { pending: CERTIFICATE }),
  user: option(text(), "Who the client says it is, for servers that give default names by user.", { pending: TOKEN }),
  headers: option(headers(), "Extra HTTP headers of the handshake, for proxies on the way.", {
    default: {} as Record<string, string>,
    secret: true,
  }),
  token_refresh: section(
    "Getting a new token before the old one runs out (OAuth 2.0 refresh grant).",
    {
      enabled: option(flag(), "Whether tokens are refreshed.", { default: true }),
      refresh_url: option(url(["https", "http"], "https://auth.example.com/token"), "Where new tokens come from."),
      interval: option(duration(), "Time between two refreshes, where the token does not say when it ends.", {
        default: 3_600_000,
      }),
      refresh_token: option(text(), "What new tokens are asked for with.", { secret: true }),
    },
    { pending: "refreshing tokens" },
  ),
};

/** `[tunnel.auth]`, and the same of each endpoint. */
export function tunnelAuth(doc: string): Section<typeof entries> {
  return section(doc, entries);
}
