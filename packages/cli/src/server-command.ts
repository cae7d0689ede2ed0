import { startServer, type Server } from "@postern/server";
import { parseBaseDomain } from "./base-domain.js";
import { EXIT } from "./errors.js";
import { isLoopbackAddress, parseListenAddress } from "./listen-address.js";
import { createLog } from "./log.js";
import { peopleOutput } from "./messages.js";
import type { ServerCommandOptions } from "./options.js";
import { paintFor, type Paint } from "./paint.js";
import { printable } from "./printable.js";
import { loadServerKeys, type ServerKeys } from "./server-keys.js";
import { listenForStop } from "./stop-request.js";
import { eventPrinter, machineEvent, type Terminal } from "./terminal.js";

/** `postern server`: the public server, until it is told to stop. Returns the exit code. */
export async function serverCommand(options: ServerCommandOptions, terminal: Terminal): Promise<number> {
  const listen = parseListenAddress(options.listen);
  const domain = parseBaseDomain(options.domain);
  const credentials = await loadServerKeys(options.apiKeysFile, terminal.env);

  const output = peopleOutput(terminal, options);
  const paint = paintFor(output, terminal.env);
  const log = createLog({ level: options.logLevel, format: options.logFormat, output, paint });
  for (const warning of [...credentials.warnings, ...exposure(listen, domain)]) log.warn(warning);

  const stop = listenForStop();
  try {
    const server = await startServer({ listen, domain, apiKeys: credentials.keys, log });
    const print = options.json ? eventPrinter(terminal.stdout, "server") : undefined;
    const report = (state: string): void => {
      const message = `${state} ${server.address}`;
      print?.(
        machineEvent("status_update", "server", message, { state, address: server.address, url: server.url, domain }),
      );
    };

    const command = clientCommand(server.url, options.apiKeysFile, credentials);
    if (options.logFormat === "json") log.info({ url: server.url, domain, client_command: command }, "ready");
    else if (options.logLevel === "debug" || options.logLevel === "info") {
      output.line(banner(server, credentials, command, paint));
    }
    report("listening");
    await stop.received;

    log.info("stopping: requests in progress may finish; Ctrl-C again ends at once");
    report("draining");
    await server.stop();
    report("stopped");
    return EXIT.done;
  } finally {
    stop.dispose();
  }
}

function banner(server: Server, { keys }: ServerKeys, command: string, paint: Paint): string {
  const owners = [...new Set(keys.map(({ owner }) => owner))];
  const shown = owners.length > 5 ? [...owners.slice(0, 5), `and ${owners.length - 5} more`] : owners;
  return [
    "",
    `  ${paint.dim("Listening")}  ${printable(server.address)}`,
    `  ${paint.dim("Tunnels  ")}  ${paint.cyan(printable(server.url.replace("://", "://NAME.")))}`,
    `  ${paint.dim("Keys of  ")}  ${printable(shown.join(", "))}`,
    "",
    `  ${paint.dim("Share what runs on port 3000:")}`,
    `  ${paint.bold(printable(command))}`,
    "",
  ].join("\n");
}

/** What to type beside the service. The key itself is not in it: a key in the command line is no secret. */
function clientCommand(url: string, file: string | undefined, { keys }: ServerKeys): string {
  // A server's file with a single key is a client's key file too.
  const keyFile = file !== undefined && keys.length === 1 ? file : "my.key";
  return `postern http 3000 --server ${url} --api-key-file ${keyFile}`;
}

function exposure(listen: string, domain: string): string[] {
  if (isLoopbackAddress(listen)) return [];
  const warnings = ["this address speaks plain HTTP: put a TLS proxy in front of it before keys travel over a network"];
  if (domain === "localhost") warnings.push("names below localhost mean each visitor's own machine: set --domain");
  return warnings;
}
