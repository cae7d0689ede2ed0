import { Command, Option } from "commander";
import { CONFIGURATION, tunnelEndpoint } from "@postern/config";
import { declaredOption, typedFlags } from "./settings/declared-option.js";
import type { CommandLine } from "./settings/options.js";
import type { Terminal } from "./terminal/terminal.js";
import { version } from "./version.js";

const { logging, tunnel } = CONFIGURATION.entries;
const { auth: clientAuth, local_api: localApi, reconnection, server: tunnelServer } = tunnel.entries;
const endpoint = tunnelEndpoint.each.entries;

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
      const once = isSet(demo, "once");
      ended(await (await import("./commands/demo.js")).demoCommand({ ...typed(demo), once }, terminal));
    });

  const server = program.command("server").description("run the public server that clients connect to");
  const { listen, base_domain, public_url, auth, trusted_proxies, security } = tunnelServer.entries;
  const { max_request_size, request_timeout } = security.entries;
  const { api_keys_file } = auth.entries;
  for (const option of [
    listen,
    base_domain,
    public_url,
    api_keys_file,
    trusted_proxies,
    max_request_size,
    request_timeout,
  ])
    server.addOption(declaredOption(option));
  server.addHelpText("after", SERVER_EXAMPLES).action(async () => {
    ended(await (await import("./commands/server.js")).serverCommand(typed(server), terminal));
  });

  const http = program.command("http").description("share a local HTTP service");
  http.argument("<target>", "3000, 127.0.0.1:3000, http://… or https://…");
  const { server_url, subdomain, host_header } = endpoint;
  for (const option of [
    server_url,
    subdomain,
    host_header,
    clientAuth.entries.api_key_file,
    clientAuth.entries.token_file,
    reconnection.entries.enabled,
    localApi.entries.listen,
  ])
    http.addOption(declaredOption(option));
  http.addOption(flag("--qr", "show the public URL as a QR code, for phones", "POSTERN_QR"));
  http.addHelpText("after", HTTP_EXAMPLES).action(async (target: string) => {
    const qr = isSet(http, "qr");
    ended(await (await import("./commands/http.js")).httpCommand(target, { ...typed(http), qr }, terminal));
  });

  const start = program.command("start").description("run all that the configuration file enables");
  start.addOption(declaredOption(localApi.entries.listen));
  start.addHelpText("after", START_EXAMPLES).action(async () => {
    ended(await (await import("./commands/start.js")).startCommand(typed(start), terminal));
  });

  for (const command of [demo, server, http, start]) {
    if (command !== demo) command.addOption(configOption());
    command
      .addOption(declaredOption(logging.entries.level))
      .addOption(declaredOption(logging.entries.format))
      .addOption(flag("--json", "events on stdout, one JSON object a line; messages on stderr", "POSTERN_JSON"));
  }

  const status = program.command("status").description("how the clients that run here are: state, address, health");
  status
    .option("--watch", "look again every second, until Ctrl-C", false)
    .addOption(flag("--json", "one JSON object on stdout, with all that the clients tell", "POSTERN_JSON"))
    .addHelpText("after", STATUS_EXAMPLES)
    .action(async () => {
      const given = { json: isSet(status, "json"), watch: isSet(status, "watch") };
      ended(await (await import("./commands/status.js")).statusCommand(given, terminal));
    });

  const config = program.command("config").description("write, check and explain the configuration file");
  const configAction = async (command: Command, action: "init" | "check" | "explain" | "schema", file?: string) => {
    ended(await (await import("./commands/config.js")).configCommand(action, { ...typed(command), file }, terminal));
  };
  const init = config.command("init").description("write a commented file to begin with");
  init.argument("[file]", "where", "postern.toml").action((file: string) => configAction(init, "init", file));
  const check = config.command("check").description("say all that is wrong with the file; exit code 2 if anything is");
  const explain = config.command("explain").description("show each value, and where it comes from");
  const schema = config.command("schema").description("print the JSON Schema, for editors");
  check
    .addOption(configOption())
    .addOption(flag("--json", "the outcome on stdout as one JSON object; messages on stderr", "POSTERN_JSON"))
    .action(() => configAction(check, "check"));
  explain
    .addOption(configOption())
    .addOption(flag("--json", "one JSON object a line", "POSTERN_JSON"))
    .action(() => configAction(explain, "explain"));
  schema.action(() => configAction(schema, "schema"));
  config.addHelpText("after", CONFIG_EXAMPLES);

  const authCommand = program.command("auth").description("try credentials out");
  const authCheck = authCommand
    .command("check")
    .description("log in at every endpoint's server, and say what is wrong; opens no tunnel");
  for (const option of [server_url, subdomain, clientAuth.entries.api_key_file, clientAuth.entries.token_file])
    authCheck.addOption(declaredOption(option));
  authCheck
    .addOption(configOption())
    .addOption(flag("--json", "one event an endpoint on stdout; messages on stderr", "POSTERN_JSON"))
    .addHelpText("after", AUTH_CHECK_EXAMPLES)
    .action(async () => {
      ended(await (await import("./commands/auth.js")).authCheckCommand(typed(authCheck), terminal));
    });

  const doctor = program
    .command("doctor")
    .description("look at all that a tunnel needs, and say what to do about what is missing");
  doctor.argument("[target]", "the local service, if it is to be looked at, too");
  for (const option of [server_url, subdomain, clientAuth.entries.api_key_file, clientAuth.entries.token_file])
    doctor.addOption(declaredOption(option));
  doctor
    .addOption(configOption())
    .addOption(flag("--json", "one event a finding on stdout; messages on stderr", "POSTERN_JSON"))
    .addHelpText("after", DOCTOR_EXAMPLES)
    .action(async (target: string | undefined) => {
      ended(await (await import("./commands/doctor/doctor.js")).doctorCommand({ ...typed(doctor), target }, terminal));
    });

  const cert = program.command("cert").description("make certificates for trying things out");
  const dev = cert.command("dev").description("a CA of your own, and a server's and a client's certificate of it");
  dev
    .argument("[folder]", "where", "postern-certs")
    .option("--domain <name>", "the server's base domain", "tunnel.localhost")
    .option("--client <name>", "who logs in with the client's certificate", "me")
    .action(async (folder: string, { domain, client }: { domain: string; client: string }) => {
      ended(await (await import("./commands/cert/cert.js")).certDevCommand({ folder, domain, client }, terminal));
    });

  for (const command of [
    demo,
    server,
    http,
    start,
    status,
    config,
    init,
    check,
    explain,
    schema,
    authCommand,
    authCheck,
    doctor,
    cert,
    dev,
  ]) {
    const { parent } = command;
    const name = parent === program || parent === null ? command.name() : `${parent.name()} ${command.name()}`;
    command
      .showHelpAfterError(`\`postern ${name} --help\` shows what it takes.`)
      .helpOption("-h, --help", "print help");
  }
  return program;
}

function typed(command: Command): CommandLine {
  const { config } = command.opts<{ config?: string }>();
  return { config, json: isSet(command, "json"), flags: typedFlags(command) };
}

function configOption(): Option {
  const where = "the configuration file (default: ./postern.toml, then ~/.config/postern/postern.toml)";
  return new Option("--config <file>", where).env("POSTERN_CONFIG");
}

function flag(name: string, description: string, env: string): Option {
  return new Option(name, description).env(env).default(false);
}

/** Whether a flag is given. A variable that is there but says no switches nothing on. */
function isSet(command: Command, name: string): boolean {
  const option = command.options.find((each) => each.attributeName() === name);
  if (command.getOptionValueSource(name) !== "env") return command.getOptionValue(name) === true;
  return !/^(0|no|off|false|)$/i.test(process.env[option?.envVar ?? ""] ?? "");
}

const PROGRAM_EXAMPLES = `
Examples:
  postern demo                                        everything on this machine, to look at
  postern server --api-keys-file postern.keys         the server, on 127.0.0.1:8080
  postern http 3000 --server http://localhost:8080    share port 3000 through it
  postern config init && postern start                the same and more, from a file

Exit codes: 0 done, 1 failed, 2 usage or configuration, 3 credentials refused,
4 server not reachable, 130 interrupted twice.`;

const DEMO_EXAMPLES = `
Examples:
  postern demo            prints an address to open in a browser; Ctrl-C ends it
  postern demo --once     does it work here? one request, exit code 0 if so`;

const SERVER_EXAMPLES = `
API keys come from --api-keys-file, or from POSTERN_API_KEYS (the same lines, commas allowed between them).
Which tokens are taken, instead or besides, is said in [tunnel.server.auth.jwt].
The configuration file can say all of this and more, in [tunnel.server]; what is typed wins.

Examples:
  make a key (here for a user named me) and start:
    (umask 077; echo "me $(head -c 24 /dev/urandom | base64)" > postern.keys)
    postern server --api-keys-file postern.keys
  behind a TLS proxy on this machine that serves *.tunnel.example.com:
    postern server --domain tunnel.example.com --public-url https://tunnel.example.com \\
      --trusted-proxies 127.0.0.1 --api-keys-file postern.keys`;

const HTTP_EXAMPLES = `
The API key comes from --api-key-file or from the environment: POSTERN_API_KEY_FILE, POSTERN_API_KEY.
A token instead of it: --token-file, POSTERN_TOKEN_FILE, POSTERN_TOKEN; [tunnel.auth.token_refresh] renews it.
Server, key and connection settings may also come from the configuration file; what is typed wins.
An HTTP proxy on the way to the server: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY; POSTERN_PROXY wins over them.

Examples:
  postern http 3000 --server https://tunnel.example.com --api-key-file my.key
  postern http 3000 --subdomain my-app                with the server and key set in the environment
  postern http https://localhost:8443 --host-header rewrite
  postern http 3000 --json | jq .data.public_url      for scripts`;

const START_EXAMPLES = `
Tunnels are opened for each [[tunnel.endpoints]]; the server runs with [tunnel.server] enabled = true.
When the file changes, or with SIGHUP, endpoints are added, removed and changed; the others are not touched.

Examples:
  postern config init                         writes ./postern.toml to begin with
  postern start
  postern start --config /etc/postern.toml`;

const AUTH_CHECK_EXAMPLES = `
Each endpoint of the configuration is tried: can its server be reached and trusted, is the credential accepted, would
the name be granted? With --server or --subdomain only that is tried.

Exit codes: 0 all would be let in, 2 usage or configuration, 3 one or more would not.

Examples:
  postern auth check
  postern auth check --server https://tunnel.example.com --subdomain my-app --api-key-file my.key
  postern auth check --json | jq 'select(.data.code) | {endpoint, code: .data.code}'`;

const DOCTOR_EXAMPLES = `
It looks at Node, the configuration, the server's name, address, certificate and clock, the login, and the local
service; on a server's machine also at its own certificate and names. Nothing is opened or changed.

Exit codes: 0 nothing is wrong, 1 something is, 2 usage or configuration.

Examples:
  postern doctor                                                      all endpoints of the configuration
  postern doctor 3000 --server https://tunnel.example.com --api-key-file my.key`;

const STATUS_EXAMPLES = `
Clients are found that this user has started with \`postern http\` or \`postern start\`, each by its local API.

Exit codes: 0 when every endpoint of every client is healthy: connected, and visitors are not known not to come through;
1 otherwise, also when no client runs. With --watch, 0 when it is ended.

Examples:
  postern status
  postern status --watch
  postern status --json | jq -r '.clients[].endpoints[].public_url'`;

const CONFIG_EXAMPLES = `
Examples:
  postern config init                         writes ./postern.toml
  postern config check --config other.toml
  postern config explain | grep listen        what is it, and who says so?
  postern config schema > postern.schema.json`;
