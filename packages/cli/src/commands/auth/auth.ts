import { CONFIGURATION, tunnelEndpoint } from "@postern/config";
import { jsonOption, type CommandDeclaration } from "../command.js";

const { api_key_file, token_file } = CONFIGURATION.entries.tunnel.entries.auth.entries;
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
      configured: [server_url, subdomain, api_key_file, token_file],
      readsConfiguration: true,
      options: [jsonOption("print one event per endpoint to stdout; messages go to stderr")],
      help: `Checks for each endpoint of the configuration that its server is reachable and trusted, that it accepts the
credential, and that it would grant the name. With --server or --subdomain it checks only that endpoint.

Exit codes: 0 if every login succeeds, 2 usage or configuration error, 3 if a login fails.

Examples:
  postern auth check
  postern auth check --server https://tunnel.example.com --subdomain my-app --api-key-file my.key
  postern auth check --json | jq 'select(.data.code) | {endpoint, code: .data.code}'`,
      run: async (line, terminal) => (await import("./run.js")).run(line, terminal),
    },
  ],
};
