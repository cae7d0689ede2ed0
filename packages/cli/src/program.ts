import { readFileSync } from "node:fs";
import { Command, Option } from "commander";
import {
  LOG_FORMATS,
  LOG_LEVELS,
  type DemoCommandOptions,
  type HttpCommandOptions,
  type ServerCommandOptions,
} from "./options.js";
import type { Terminal } from "./terminal.js";

/**
 * The command line: what can be typed, and the help that teaches it. The commands themselves are loaded when they are run.
 * @param ended hears the exit code of the command that was run.
 */
export function createProgram(terminal: Terminal, ended: (exitCode: number) => void): Command {
  const program = new Command("postern")
    .description("A public address for a service behind NAT, through a server of your own.")
    .version(version(), "-V, --version", "print the version")
    .helpOption("-h, --help", "print help")
    .helpCommand("help [command]", "print help for a command")
    .showSuggestionAfterError()
    .showHelpAfterError("`postern --help` shows what there is.")
    .addHelpText("after", PROGRAM_EXAMPLES)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.stdout.line(text.trimEnd()),
      writeErr: (text) => terminal.stderr.line(text.trimEnd()),
      outputError: (text, write) => write(text.replace(/^error: /, "postern: ")),
    });

  const demo = program.command("demo").description("try it: server, sample service and client on this machine");
  demo
    .addOption(flag("--once", "send one request through it, say what happened, and end", "POSTERN_ONCE"))
    .addHelpText("after", DEMO_EXAMPLES)
    .action(async () => {
      const options = demo.opts<DemoCommandOptions>();
      ended(await (await import("./demo-command.js")).demoCommand(withFlags(demo, options), terminal));
    });

  const server = program.command("server").description("run the public server that clients connect to");
  server
    .addOption(
      new Option("--listen <host:port>", "address for visitors and clients")
        .env("POSTERN_LISTEN")
        .default("127.0.0.1:8080"),
    )
    .addOption(new Option("--domain <name>", "tunnels get names below it").env("POSTERN_DOMAIN").default("localhost"))
    .addOption(
      new Option("--public-url <url>", "the base domain as visitors reach it, when a TLS proxy stands before").env(
        "POSTERN_PUBLIC_URL",
      ),
    )
    .addOption(
      new Option("--api-keys-file <file>", "who may open tunnels: `name key` on each line").env(
        "POSTERN_API_KEYS_FILE",
      ),
    )
    .addOption(
      new Option("--trusted-proxies <addresses>", "proxies before the server whose X-Forwarded-For is believed").env(
        "POSTERN_TRUSTED_PROXIES",
      ),
    )
    .addOption(
      new Option("--max-request-size <size>", "largest body of a request, for instance 10MB (default: any)").env(
        "POSTERN_MAX_REQUEST_SIZE",
      ),
    )
    .addOption(
      new Option(
        "--request-timeout <time>",
        "how long a service may take to answer, for instance 60s (default: any)",
      ).env("POSTERN_REQUEST_TIMEOUT"),
    )
    .addHelpText("after", SERVER_EXAMPLES)
    .action(async () => {
      const options = server.opts<ServerCommandOptions>();
      ended(await (await import("./server-command.js")).serverCommand(withFlags(server, options), terminal));
    });

  const http = program.command("http").description("share a local HTTP service");
  http
    .argument("<target>", "3000, 127.0.0.1:3000, http://… or https://…")
    .addOption(new Option("--server <url>", "the Postern server").env("POSTERN_SERVER_URL"))
    .addOption(
      new Option("--subdomain <name>", "the name you wish (default: the server chooses)").env("POSTERN_SUBDOMAIN"),
    )
    .addOption(
      new Option("--host-header <host>", "Host that the service sees; `rewrite`: its own (default: the visitor's)").env(
        "POSTERN_HOST_HEADER",
      ),
    )
    .addOption(new Option("--api-key-file <file>", "file with your API key").env("POSTERN_API_KEY_FILE"))
    .addOption(new Option("--no-reconnect", "end when the connection fails or breaks (env: POSTERN_RECONNECT=no)"))
    .addHelpText("after", HTTP_EXAMPLES)
    .action(async (target: string) => {
      const apiKeyFileTyped = http.getOptionValueSource("apiKeyFile") === "cli";
      const given = http.opts<HttpCommandOptions>();
      const options = {
        ...given,
        apiKeyFileTyped,
        reconnect: given.reconnect && !saysNo(terminal.env["POSTERN_RECONNECT"]),
      };
      ended(await (await import("./http-command.js")).httpCommand(target, withFlags(http, options), terminal));
    });

  for (const command of [demo, server, http]) {
    command
      .addOption(
        new Option("--log-level <level>", "least important messages shown")
          .env("POSTERN_LOG_LEVEL")
          .choices(LOG_LEVELS)
          .default("info"),
      )
      .addOption(
        new Option("--log-format <format>", "for people or programs")
          .env("POSTERN_LOG_FORMAT")
          .choices(LOG_FORMATS)
          .default("text"),
      )
      .addOption(flag("--json", "events on stdout, one JSON object a line; messages on stderr", "POSTERN_JSON"))
      .showHelpAfterError(`\`postern ${command.name()} --help\` shows what it takes.`)
      .helpOption("-h, --help", "print help");
  }
  return program;
}

function flag(name: string, description: string, env: string): Option {
  return new Option(name, description).env(env).default(false);
}

/** A variable that is there but says no switches nothing on. */
function withFlags<T extends object>(command: Command, options: T): T {
  const off = command.options.filter(
    (option) =>
      option.isBoolean() &&
      option.envVar !== undefined &&
      command.getOptionValueSource(option.attributeName()) === "env" &&
      (process.env[option.envVar] === "" || saysNo(process.env[option.envVar])),
  );
  return { ...options, ...Object.fromEntries(off.map((option) => [option.attributeName(), false])) };
}

function saysNo(value: string | undefined): boolean {
  return /^(0|no|off|false)$/i.test(value ?? "");
}

function version(): string {
  const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string };
  return manifest.version;
}

const PROGRAM_EXAMPLES = `
Examples:
  postern demo                                        everything on this machine, to look at
  postern server --api-keys-file postern.keys         the server, on 127.0.0.1:8080
  postern http 3000 --server http://localhost:8080    share port 3000 through it

Exit codes: 0 done, 1 failed, 2 usage or configuration, 3 credentials refused,
4 server not reachable, 130 interrupted twice.`;

const DEMO_EXAMPLES = `
Examples:
  postern demo            prints an address to open in a browser; Ctrl-C ends it
  postern demo --once     does it work here? one request, exit code 0 if so`;

const SERVER_EXAMPLES = `
API keys come from --api-keys-file, or from POSTERN_API_KEYS (the same lines, commas allowed between them).

Examples:
  make a key (here for a user named me) and start:
    (umask 077; echo "me $(head -c 24 /dev/urandom | base64)" > postern.keys)
    postern server --api-keys-file postern.keys
  behind a TLS proxy on this machine that serves *.tunnel.example.com:
    postern server --domain tunnel.example.com --public-url https://tunnel.example.com \\
      --trusted-proxies 127.0.0.1 --api-keys-file postern.keys`;

const HTTP_EXAMPLES = `
The API key comes from --api-key-file or from the environment: POSTERN_API_KEY_FILE, POSTERN_API_KEY.

Examples:
  postern http 3000 --server https://tunnel.example.com --api-key-file my.key
  postern http 3000 --subdomain my-app                with the server and key set in the environment
  postern http https://localhost:8443 --host-header rewrite
  postern http 3000 --json | jq .data.public_url      for scripts`;
