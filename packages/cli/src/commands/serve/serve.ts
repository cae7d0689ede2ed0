import { CONFIGURATION } from "@postern/config";
import { CONFIG_FILE, EVENTS_AS_JSON, type CommandDeclaration } from "../command.js";

const { logging, server, static_config: files, tunnel } = CONFIGURATION.entries;

/** `postern serve` */
export const serve: CommandDeclaration = {
  name: "serve",
  summary: "serve a folder, or the routes of the configuration file",
  argument: { usage: "[folder]", description: "folder to serve, instead of the routes of a configuration file" },
  options: [
    server.entries.listen,
    server.entries.default_port,
    files.entries.directory,
    files.entries.browse,
    files.entries.fallback,
    tunnel.entries.local_api.entries.listen,
    { ...CONFIG_FILE, flags: "-c, --config <file>" },
    logging.entries.level,
    logging.entries.format,
    EVENTS_AS_JSON,
  ],
  details:
    "The configuration file can contain routes ([[proxy]]) that forward requests, and a folder ([static_config]). Prints the addresses of the gateway, then one line per request. Does not run the tunnels and the tunnel server of the file; `postern start` runs everything.",
  help: `With a folder, no configuration file is read unless --config names one. Without
a folder and without a file, the current folder is served. Files whose names
begin with a dot are not served. Configuration files and the files that they
name, such as keys, are never served.

The gateway reloads the file and the certificates when they change, and on
SIGHUP. Unchanged routes keep their connections, and open WebSockets stay.

Signals: SIGTERM and Ctrl-C finish the requests in progress and exit.

Examples:
  postern serve ./public                   serve a folder at 127.0.0.1:8080
  postern serve ./dist --spa --port 80     serve a single-page application on
                                           port 80 of all addresses
  postern serve                            serve the routes of ./postern.toml,
                                           at 127.0.0.1:8080 or the address in
                                           [server]
  postern serve --config app_config.toml   use another file
  postern config explain GET http://localhost:8080/api/users
                                           show the route of a request`,
  run: async (line, terminal) => (await import("./run.js")).run(line, terminal),
};
