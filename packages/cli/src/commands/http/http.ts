import { CONFIGURATION, tunnelEndpoint } from "@postern/config";
import { CONFIG_FILE, EVENTS_AS_JSON, type CommandDeclaration } from "../command.js";

const { logging, tunnel } = CONFIGURATION.entries;
const { auth, local_api, reconnection, ssl } = tunnel.entries;
const { server_url, subdomain, group, weight, strategy, access } = tunnelEndpoint.each.entries;
const { host_header, request_headers, response_headers, local_ca_file, local_verify, files } =
  tunnelEndpoint.each.entries;

/** `postern http` */
export const http: CommandDeclaration = {
  name: "http",
  summary: "share a local HTTP service or a folder",
  argument: {
    usage: "<target>",
    description:
      "local service: 3000, 127.0.0.1:3000, http://… or https://…; or a folder: ./public or /absolute/folder",
  },
  options: [
    server_url,
    subdomain,
    group,
    weight,
    strategy,
    host_header,
    request_headers,
    response_headers,
    access.entries.allow_ips,
    access.entries.deny_ips,
    access.entries.basic_auth,
    access.entries.oidc.entries.enabled,
    {
      form: "flag",
      flags: "--password",
      description:
        "ask visitors for a password on a page. The command asks you for it. Write this option after the target",
    },
    access.entries.password_file,
    access.entries.rate_limit.entries.requests_per_minute,
    auth.entries.api_key_file,
    auth.entries.token_file,
    auth.entries.cert_file,
    auth.entries.key_file,
    ssl.entries.ca_file,
    local_ca_file,
    local_verify,
    files.entries.browse,
    files.entries.fallback,
    reconnection.entries.enabled,
    local_api.entries.listen,
    {
      form: "flag",
      flags: "--qr",
      description: "print the public URL as a QR code, for phones",
      env: "POSTERN_QR",
    },
    CONFIG_FILE,
    logging.entries.level,
    logging.entries.format,
    EVENTS_AS_JSON,
  ],
  details: "Opens a tunnel to the server and prints the public URL, then one line per request.",
  help: `Credentials: an API key from --api-key-file, POSTERN_API_KEY_FILE or
POSTERN_API_KEY; a token from --token-file, POSTERN_TOKEN_FILE or
POSTERN_TOKEN; or a certificate from --cert-file and --key-file. Token renewal
is set in the configuration file. Options override the environment, which
overrides the file.

Outbound HTTP proxy: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY apply;
POSTERN_PROXY overrides them.

Examples:
  postern http 3000 --server https://tunnel.example.com --api-key-file my.key
  postern http ./dist --spa --server https://tunnel.example.com

  With server and key in the environment or the configuration file:
    postern http 3000 --subdomain my-app
    postern http 3000 --subdomain my-app --join      on each of several machines
    postern http 3000 --basic-auth ./users           visitors need a password
    postern http 3000 --oidc                         visitors log in
    postern http 3000 --password                     visitors enter it on a page
    postern http 3000 --allow-ip 192.0.2.0/24 --rate-limit 60/min
    postern http 3000 --response-header 'Cache-Control: no-store'
    postern http https://localhost:8443 --host-header rewrite
    postern http https://192.168.1.10:8006 --local-insecure
    postern http 3000 --json | jq -r '.data.public_url // empty'`,
  run: async (line, terminal) => (await import("./run.js")).run(line.argument ?? "", line, terminal),
};
