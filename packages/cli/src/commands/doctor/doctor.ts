import { CONFIGURATION, tunnelEndpoint } from "@postern/config";
import { CONFIG_FILE, jsonOption, type CommandDeclaration } from "../command.js";

const { auth, ssl } = CONFIGURATION.entries.tunnel.entries;
const { api_key_file, token_file, cert_file, key_file } = auth.entries;
const { server_url, subdomain, local_ca_file, local_verify } = tunnelEndpoint.each.entries;

/** `postern doctor` */
export const doctor: CommandDeclaration = {
  name: "doctor",
  summary: "check everything a tunnel needs and suggest fixes",
  argument: { usage: "[target]", description: "local service, to check that it accepts connections" },
  options: [
    server_url,
    subdomain,
    api_key_file,
    token_file,
    cert_file,
    key_file,
    ssl.entries.ca_file,
    local_ca_file,
    local_verify,
    CONFIG_FILE,
    jsonOption("print one event per check to stdout; messages go to stderr"),
  ],
  details:
    "Checks the configuration, the server's name, certificate and clock, the login, and the local service. If the configuration enables a server, also checks the certificate and the DNS names of that server. Opens no tunnel.",
  help: `Exit codes: 0 if no problem was found, 1 if there are problems, 2 usage or
configuration error.

Examples:
  postern doctor          check all endpoints of the configuration
  postern doctor 3000 --server https://tunnel.example.com --api-key-file my.key`,
  run: async (line, terminal) => (await import("./run.js")).run({ ...line, target: line.argument }, terminal),
};
