import { EXIT } from "../errors.js";
import type { CommandLine } from "../settings/options.js";
import { readSettings } from "../settings/configuration.js";
import { reloadOnChange } from "../running/reload.js";
import { listenForStop } from "../running/stop-request.js";
import { openTelling } from "../reporting/reporting.js";
import { eventPrinter, machineEvent, type Terminal } from "../terminal/terminal.js";
import { refuseUnbuilt } from "../settings/unsupported.js";
import { exposureWarnings, startConfiguredServer } from "../running/configured-server.js";
import {
  isCredentialOption,
  loadServerCredentials,
  takeOverCredentials,
  type ServerCredentials,
} from "../credentials/server-credentials.js";
import type { ServerKeys } from "../credentials/server-keys.js";
import type { Paint } from "../terminal/paint.js";
import { printable } from "../terminal/printable.js";

/** `postern server`: the public server, until it is told to stop. Returns the exit code. */
export async function serverCommand(given: CommandLine, terminal: Terminal): Promise<number> {
  const all = { ...given, env: terminal.env };
  const settings = await readSettings(all);
  refuseUnbuilt(settings, ["tunnel", "server"]);
  const { base_domain: domain } = settings.loaded.values.tunnel.server;
  const credentials = await loadServerCredentials(settings);

  const telling = await openTelling(settings, terminal, given.json, "server");
  const { messages } = telling;
  const { paint } = messages;
  const log = await telling.log("server");
  for (const warning of [...settings.warnings, ...credentials.warnings, ...exposureWarnings(settings)])
    log.warn(warning);

  const stop = listenForStop();
  let stopReloading = (): void => {};
  try {
    const server = await startConfiguredServer(settings, credentials, log, await telling.log("requests"));
    const { address, url } = server;
    const print = given.json ? eventPrinter(terminal.stdout, "server") : undefined;
    const tell = (message: string, data: Record<string, unknown>): void =>
      print?.(machineEvent("status_update", "server", message, data));
    const report = (state: string): void => tell(`${state}: ${address}`, { state, address, url, domain });

    const command = clientCommand(url, credentials.keys);
    const text = banner(address, url, whoText(credentials), command, paint);
    messages.say("info", text, { msg: "ready", url, domain, client_command: command });
    report("listening");
    stopReloading = reloadOnChange({
      given: all,
      settings,
      warnings: credentials.warnings,
      files: credentials.files,
      async takeOver(changed) {
        refuseUnbuilt(changed, ["tunnel", "server"]);
        const taken = await takeOverCredentials(server, changed);
        return { summary: `who can log in: ${whoText(taken)}`, files: taken.files, warnings: taken.warnings };
      },
      isFixed: ([first, second, ...rest]) =>
        first === "logging" ||
        first === "application" ||
        (first === "tunnel" && second === "server" && !isCredentialOption([first, second, ...rest])),
      report(level, message, data) {
        log[level](data, message);
        tell(message, data);
      },
    });
    await stop.received;

    const msg = "Stopping: requests in progress may finish. Ctrl-C again ends at once.";
    messages.say("info", paint.dim(msg), { msg });
    report("draining");
    await server.stop();
    report("stopped");
    return EXIT.done;
  } finally {
    stopReloading();
    stop.dispose();
    await telling.close();
  }
}

function banner(address: string, url: string, who: string, command: string, paint: Paint): string {
  return [
    "",
    `  ${paint.dim("Listening")}  ${printable(address)}`,
    `  ${paint.dim("Tunnels  ")}  ${paint.cyan(printable(url.replace("://", "://NAME.")))}`,
    `  ${paint.dim("Clients  ")}  ${printable(who)}`,
    "",
    `  ${paint.dim("Share what runs on port 3000:")}`,
    `  ${paint.bold(printable(command))}`,
    "",
  ].join("\n");
}

function ownersText({ keys }: ServerKeys): string {
  const owners = [...new Set(keys.map(({ owner }) => owner))];
  const shown = owners.length > 5 ? [...owners.slice(0, 5), `and ${owners.length - 5} more`] : owners;
  return shown.join(", ");
}

/** Whoever can log in. */
function whoText({ keys, tokens, certificates }: ServerCredentials): string {
  const issued =
    tokens === undefined ? "" : `whoever has a token${tokens.issuer === undefined ? "" : ` of ${tokens.issuer}`}`;
  const shown = certificates.clientCa === undefined ? "" : "whoever has a certificate of its CA";
  return [ownersText(keys), issued, shown].filter((each) => each !== "").join("; ");
}

/** What to type beside the service. The key itself is not in it: a key in the command line is no secret. */
function clientCommand(url: string, { keys, file }: ServerKeys): string {
  if (keys.length === 0) return `postern http 3000 --server ${url} --token-file my.token`;
  // A server's file with a single key is a client's key file too.
  const keyFile = file !== undefined && keys.length === 1 ? file : "my.key";
  return `postern http 3000 --server ${url} --api-key-file ${keyFile}`;
}
