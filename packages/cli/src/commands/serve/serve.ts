import { CONFIGURATION } from "@postern/config";
import { CONFIG_FILE, EVENTS_AS_JSON, type CommandDeclaration } from "../command.js";

const { logging, server, tunnel } = CONFIGURATION.entries;

/** `postern serve` */
export const serve: CommandDeclaration = {
  name: "serve",
  summary: "run the HTTP gateway of the configuration file",
  argument: { usage: "[folder]", description: "folder of files", isHidden: true },
  options: [
    server.entries.listen,
    server.entries.default_port,
    {
      form: "flag",
      flags: "-d, --directory <folder>",
      description: "folder of files",
      isHidden: true,
    },
    tunnel.entries.local_api.entries.listen,
    { ...CONFIG_FILE, flags: "-c, --config <file>" },
    logging.entries.level,
    logging.entries.format,
    EVENTS_AS_JSON,
  ],
  details:
    "Takes requests for the routes ([[proxy]]) to their targets, and prints its addresses, then one line per request. Tunnels and the tunnel server of the file are left out: `postern start` runs everything.",
  help: `When the file or a certificate changes, or on SIGHUP, routes are added, replaced
and removed. Connections of unchanged routes and open WebSockets stay.

Signals: SIGTERM and Ctrl-C finish the requests in progress and exit.

Examples:
  postern serve                            serve the routes of ./postern.toml on
                                           127.0.0.1:8080, or as [server] says
  postern serve --port 80                  on port 80 of all addresses
  postern serve --config app_config.toml   use another file
  postern config explain GET http://localhost:8080/api/users
                                           show the route of a request`,
  run: async (line, terminal) =>
    (await import("./run.js")).run({ ...line, folder: line.argument ?? line.valueOf("--directory") }, terminal),
};
