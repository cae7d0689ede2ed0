import { CONFIGURATION } from "@postern/config";
import { EVENTS_AS_JSON, type CommandDeclaration } from "../command.js";

const { level, format } = CONFIGURATION.entries.logging.entries;

/** `postern demo` */
export const demo: CommandDeclaration = {
  name: "demo",
  summary: "try it: run a server, a sample service and a client on this machine",
  options: [
    {
      form: "flag",
      flags: "--once",
      description: "send one request through the tunnel, report the result and exit",
      env: "POSTERN_ONCE",
    },
    level,
    format,
    EVENTS_AS_JSON,
  ],
  details: "All of it runs in one process that listens on 127.0.0.1 only.",
  help: `Examples:
  postern demo            print a URL to open in a browser; stop with Ctrl-C
  postern demo --once     check that Postern works here; exit code 0 if it does`,
  run: async (line, terminal) => (await import("./run.js")).run({ ...line, once: line.isSet("--once") }, terminal),
};
