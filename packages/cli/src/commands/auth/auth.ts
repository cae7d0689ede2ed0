import { CONFIGURATION, tunnelEndpoint } from "@postern/config";
import { CONFIG_FILE, jsonOption, type CommandDeclaration } from "../command.js";

const { auth: credentials, ssl } = CONFIGURATION.entries.tunnel.entries;
const { api_key_file, token_file, cert_file, key_file } = credentials.entries;
const { server_url, subdomain } = tunnelEndpoint.each.entries;

/** `postern auth` */
export const auth: CommandDeclaration = {
  name: "auth",
  summary: "check credentials",
  help: `Examples:
  postern auth check`,
  subcommands: [
    {
      name: "check",
      summary: "log in to each endpoint's server and report problems; opens no tunnel",
      options: [
        server_url,
        subdomain,
        api_key_file,
        token_file,
        cert_file,
        key_file,
        ssl.entries.ca_file,
        CONFIG_FILE,
        jsonOption("print one event per endpoint to stdout; messages go to stderr"),
      ],
      details:
        "Checks that the server is reachable and trusted, accepts the credential, and would grant the name. With --server or --subdomain, checks only that endpoint.",
      help: `Exit codes: 0 if every login succeeds, 2 usage or configuration error, 3 if a
login fails.

Examples:
  postern auth check
  postern auth check --server https://tunnel.example.com --api-key-file my.key
  postern auth check --json | jq -r 'select(.data.code) | .endpoint'`,
      run: async (line, terminal) => (await import("./run.js")).run(line, terminal),
    },
  ],
};
