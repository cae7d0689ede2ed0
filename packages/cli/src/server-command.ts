import { startServer } from "@postern/server";
import { parseBaseDomain } from "./base-domain.js";
import { EXIT } from "./errors.js";
import { isLoopbackAddress, parseListenAddress } from "./listen-address.js";
import { createLog } from "./log.js";
import { createMessages, peopleOutput } from "./messages.js";
import type { ServerCommandOptions } from "./options.js";
import type { Paint } from "./paint.js";
import { printable } from "./printable.js";
import { parsePublicUrl } from "./public-url.js";
import { parseDuration, parseSize } from "./parse-quantity.js";
import { loadServerKeys, type ServerKeys } from "./server-keys.js";
import { listenForStop } from "./stop-request.js";
import { parseTrustedProxies } from "./trusted-proxies.js";
import { eventPrinter, machineEvent, type Terminal } from "./terminal.js";

/** `postern server`: the public server, until it is told to stop. Returns the exit code. */
export async function serverCommand(options: ServerCommandOptions, terminal: Terminal): Promise<number> {
  const listen = parseListenAddress(options.listen);
  const domain = parseBaseDomain(options.domain);
  const publicUrl = options.publicUrl === undefined ? {} : { publicUrl: parsePublicUrl(options.publicUrl, domain) };
  const trustedProxies = parseTrustedProxies(options.trustedProxies ?? "");
  const maxRequestSize = parseSize(options.maxRequestSize ?? "0");
  const requestTimeout = parseDuration(options.requestTimeout ?? "0");
  const credentials = await loadServerKeys(options.apiKeysFile, terminal.env);

  const messages = await createMessages(terminal, options);
  const { paint } = messages;
  const output = peopleOutput(terminal, options);
  const log = createLog({ level: options.logLevel, format: options.logFormat, output, paint });
  for (const warning of [...credentials.warnings, ...exposure(listen, domain)]) log.warn(warning);

  const stop = listenForStop();
  try {
    const limits = { maxRequestSize, requestTimeout };
    const server = await startServer({
      listen,
      domain,
      ...publicUrl,
      trustedProxies,
      ...limits,
      apiKeys: credentials.keys,
      log,
    });
    const { address, url } = server;
    const print = options.json ? eventPrinter(terminal.stdout, "server") : undefined;
    const report = (state: string): void =>
      print?.(machineEvent("status_update", "server", `${state}: ${address}`, { state, address, url, domain }));

    const command = clientCommand(url, options.apiKeysFile, credentials);
    const text = banner(address, url, credentials, command, paint);
    messages.say("info", text, { msg: "ready", url, domain, client_command: command });
    report("listening");
    await stop.received;

    const msg = "Stopping: requests in progress may finish. Ctrl-C again ends at once.";
    messages.say("info", paint.dim(msg), { msg });
    report("draining");
    await server.stop();
    report("stopped");
    return EXIT.done;
  } finally {
    stop.dispose();
  }
}

function banner(address: string, url: string, { keys }: ServerKeys, command: string, paint: Paint): string {
  const owners = [...new Set(keys.map(({ owner }) => owner))];
  const shown = owners.length > 5 ? [...owners.slice(0, 5), `and ${owners.length - 5} more`] : owners;
  return [
    "",
    `  ${paint.dim("Listening")}  ${printable(address)}`,
    `  ${paint.dim("Tunnels  ")}  ${paint.cyan(printable(url.replace("://", "://NAME.")))}`,
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
