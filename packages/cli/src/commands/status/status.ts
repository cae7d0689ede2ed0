import { jsonOption, type CommandDeclaration } from "../command.js";

/** `postern status` */
export const status: CommandDeclaration = {
  name: "status",
  summary: "show the clients running on this machine: state, URL, health",
  options: [
    { form: "flag", flags: "--watch", description: "refresh every second until Ctrl-C" },
    jsonOption("print one JSON object with the complete status of every client"),
  ],
  details: "Lists the clients that this user started with `postern http` or `postern start`.",
  help: `LOCAL: whether the local service accepts connections. While it is down,
visitors get status 502. In a terminal, the last line is a link to a page that
shows requests as they happen; it contains a token, so do not share it.

Exit codes: 0 if every endpoint is connected, no end-to-end check fails and no
local service is down, 1 otherwise, also if no client is running. With --watch:
0 when stopped.

Examples:
  postern status
  postern status --watch
  postern status --json | jq -r '.clients[].endpoints[].public_url // empty'`,
  run: async (line, terminal) =>
    (await import("./run.js")).run({ json: line.json, watch: line.isSet("--watch") }, terminal),
};
