import { Command } from "commander";
import { auth } from "./commands/auth/auth.js";
import { cert } from "./commands/cert/cert.js";
import type { CommandDeclaration } from "./commands/command.js";
import { config } from "./commands/config/config.js";
import { demo } from "./commands/demo/demo.js";
import { doctor } from "./commands/doctor/doctor.js";
import { http } from "./commands/http/http.js";
import { register } from "./commands/register.js";
import { serve } from "./commands/serve/serve.js";
import { server } from "./commands/server/server.js";
import { start } from "./commands/start/start.js";
import { status } from "./commands/status/status.js";
import type { Terminal } from "./terminal/terminal.js";
import { version } from "./version.js";

/** All commands, in the order of `postern --help`. */
const COMMANDS: readonly CommandDeclaration[] = [demo, http, server, serve, start, status, config, auth, doctor, cert];

const EXAMPLES = `
Examples:
  Try it on this machine:
    postern demo
  Run a server on 127.0.0.1:8080, and share port 3000 through it:
    postern server --api-keys-file postern.keys
    postern http 3000 --server http://localhost:8080 --api-key-file postern.keys
  Run what a configuration file describes:
    postern config init && postern start

Exit codes: 0 success, 1 failure, 2 usage or configuration error, 3 credentials
refused, 4 server unreachable, 130 interrupted twice.`;

/**
 * The command line of `postern`.
 * @param onExit called with the exit code of the command that was run.
 */
export function createProgram(terminal: Terminal, onExit: (exitCode: number) => void): Command {
  const program = new Command("postern")
    .description("Give a service behind NAT a public address, through a server that you run.")
    .version(version(), "-V, --version", "print the version")
    .helpOption("-h, --help", "print help")
    .helpCommand(false)
    .showSuggestionAfterError()
    .showHelpAfterError("Run `postern --help` for the list of commands.")
    .addHelpText("after", EXAMPLES)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.stdout.line(text.trimEnd()),
      writeErr: (text) => terminal.stderr.line(text.trimEnd()),
      outputError: (text, write) => write(text.replace(/^error: /, "postern: ")),
    });
  for (const each of COMMANDS) register(program, each, terminal, onExit);
  // Commander's own help command takes a single name, and prints no message about an unknown one.
  program
    .command("help [command...]")
    .summary("print help for a command")
    .description("Print help for a command.")
    .helpOption("-h, --help", "print help")
    .action((names: string[]) => helpOf(program, names).outputHelp());
  return program;
}

function helpOf(program: Command, names: readonly string[]): Command {
  return names.reduce((parent, name) => {
    const found = parent.commands.find((each) => each.name() === name);
    return found ?? program.error(`error: unknown command '${names.join(" ")}'`);
  }, program);
}
