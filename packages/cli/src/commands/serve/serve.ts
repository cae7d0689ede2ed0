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
    "Forwards requests to the targets of the routes ([[proxy]]). Prints its addresses, then one line per request. Does not run the tunnels and the tunnel server of the file; `postern start` runs everything.",
  help: `The gateway reloads the file and the certificates when they change, and on
SIGHUP. Unchanged routes keep their connections, and open WebSockets stay.

Signals: SIGTERM and Ctrl-C finish the requests in progress and exit.

Examples:
  postern serve                            serve the routes of ./postern.toml at
                                           127.0.0.1:8080 or [server]'s address
  postern serve --port 80                  on port 80 of all addresses
  postern serve --config app_config.toml   use another file
  postern config explain GET http://localhost:8080/api/users
                                           show the route of a request`,
  run: async (line, terminal) =>
    (await import("./run.js")).run({ ...line, folder: line.argument ?? line.valueOf("--directory") }, terminal),
};
