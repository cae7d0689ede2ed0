import { CONFIGURATION } from "@postern/config";
import { CONFIG_FILE, EVENTS_AS_JSON, type CommandDeclaration } from "../command.js";

const { logging, tunnel } = CONFIGURATION.entries;
const { listen, base_domain, public_url, auth, trusted_proxies, trusted_proxy_fields, security } =
  tunnel.entries.server.entries;
const { max_request_size, request_timeout } = security.entries;

/** `postern server` */
export const server: CommandDeclaration = {
  name: "server",
  summary: "run the public server that clients connect to",
  options: [
    listen,
    base_domain,
    public_url,
    auth.entries.api_keys_file,
    trusted_proxies,
    trusted_proxy_fields,
    max_request_size,
    request_timeout,
    CONFIG_FILE,
    logging.entries.level,
    logging.entries.format,
    EVENTS_AS_JSON,
  ],
  details:
    "Clients connect to the base domain, visitors to the names below it, both at the same address. Options override [tunnel.server] in the configuration file.",
  help: `Credentials: API keys come from --api-keys-file or POSTERN_API_KEYS (the same
lines, separated by commas or newlines). Tokens are configured in
[tunnel.server.auth.jwt], certificates in [tunnel.server.auth.certificate].

Signals: SIGTERM and Ctrl-C finish the requests in progress and exit. SIGHUP
reloads keys and certificates.

Examples:
  Make a key for a user named "me", and start on 127.0.0.1:8080:
    (umask 077; echo "me $(head -c 24 /dev/urandom | base64)" > postern.keys)
    postern server --api-keys-file postern.keys
  Run behind a TLS proxy on this machine that serves *.tunnel.example.com:
    postern server --domain tunnel.example.com --public-url https://tunnel.example.com \\
      --trusted-proxies 127.0.0.1 --api-keys-file postern.keys`,
  run: async (line, terminal) => (await import("./run.js")).run(line, terminal),
};
