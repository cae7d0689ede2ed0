import { CONFIGURATION } from "@postern/config";
import { CONFIG_FILE, jsonOption, type CommandDeclaration, type CommandInput } from "../command.js";
import type { Terminal } from "../../terminal/terminal.js";

const files = CONFIGURATION.entries.static_config.entries;

type Implementation = typeof import("./run.js");

function running(
  action: (implementation: Implementation, line: CommandInput, terminal: Terminal) => Promise<void> | void,
): NonNullable<CommandDeclaration["run"]> {
  return async (line, terminal) => {
    await action(await import("./run.js"), line, terminal);
    return 0;
  };
}

/** `postern config` */
export const config: CommandDeclaration = {
  name: "config",
  summary: "create, check and explain the configuration file",
  help: `Examples:
  postern config init                         write ./postern.toml
  postern config check --config other.toml    list the mistakes in other.toml
  postern config explain | grep listen        show a value and its source
  postern config schema > postern.schema.json`,
  subcommands: [
    {
      name: "init",
      summary: "write a commented configuration file to start from",
      argument: { usage: "[file]", description: "file to create", default: "postern.toml" },
      details: "An existing file is not overwritten.",
      help: `Examples:
  postern config init
  mkdir -p ~/.config/postern && postern config init ~/.config/postern/postern.toml`,
      run: running(({ init }, { argument }, terminal) => init(argument ?? "postern.toml", terminal)),
    },
    {
      name: "check",
      summary: "list the mistakes in the configuration; exit code 2 if there are any",
      options: [CONFIG_FILE, jsonOption("print the result to stdout as one JSON object; messages go to stderr")],
      details:
        "Checks the file, the environment, and the key, certificate and log files that the file names: everything that `postern start` checks before it connects or listens. Starts nothing.",
      help: `Examples:
  postern config check
  postern config check --config /etc/postern.toml --json`,
      run: running(({ check }, line, terminal) => check(line, terminal)),
    },
    {
      name: "explain",
      summary: "show every value and its source, or what happens to a request",
      argument: { usage: "[request...]", description: "request to explain: METHOD and URL" },
      details:
        "The source of a value is the default, the file or the environment. With METHOD and URL, shows the route of the request, why it was chosen, and what its targets receive or which file of a folder it gets. With --directory, explains what `postern serve <folder>` does: no file is read unless --config names one. Sends no request.",
      options: [
        {
          form: "flag",
          flags: "-H, --header <field>",
          description: 'header field of the request, as "Name: value"; may be repeated',
          isRepeatable: true,
        },
        {
          form: "flag",
          flags: "--from <address>",
          description: "IP address of the visitor",
          default: "127.0.0.1",
        },
        files.directory,
        files.browse,
        files.fallback,
        CONFIG_FILE,
        jsonOption("print one JSON object per option, or one about the request"),
      ],
      help: `Examples:
  postern config explain
  postern config explain GET http://localhost:8080/api/users
  postern config explain -H "X-Version: 2" --from 10.0.0.5 GET http://localhost/
  postern config explain --directory ./public GET http://localhost:8080/.env
  postern config explain --json | jq 'select(.origin != "default")'`,
      run: running(({ explainAll }, line, terminal) => explainAll(line, terminal)),
    },
    {
      name: "schema",
      summary: "print the JSON Schema of the configuration, for editors",
      help: `Examples:
  postern config schema > postern.schema.json`,
      run: running(({ schema }, _, terminal) => schema(terminal)),
    },
  ],
};
