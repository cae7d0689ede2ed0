import { CONFIGURATION } from "@postern/config";
import { CONFIG_FILE, EVENTS_AS_JSON, type CommandDeclaration } from "../command.js";

const { logging, tunnel } = CONFIGURATION.entries;

/** `postern start` */
export const start: CommandDeclaration = {
  name: "start",
  summary: "run everything that the configuration file enables",
  options: [
    CONFIG_FILE,
    tunnel.entries.local_api.entries.listen,
    logging.entries.level,
    logging.entries.format,
    EVENTS_AS_JSON,
  ],
  details:
    "Opens a tunnel for each [[tunnel.endpoints]], runs the server if [tunnel.server] has enabled = true, and serves the routes of [[proxy]] and the files of [static_config].",
  help: `Postern reloads the file when it changes, and on SIGHUP. Unchanged endpoints
keep running, and unchanged routes keep their connections.

Examples:
  postern config init                         write ./postern.toml to start from
  postern start                               run ./postern.toml
  postern start --config /etc/postern.toml    run another file`,
  run: async (line, terminal) => (await import("./run.js")).run(line, terminal),
};
