import { EXIT } from "./errors.js";
import type { CommandLine } from "./options.js";
import { readSettings } from "./configuration.js";
import { reloadOnChange } from "./reload.js";
import { listenForStop } from "./stop-request.js";
import { openTelling } from "./telling.js";
import { eventPrinter, machineEvent, type Terminal } from "./terminal.js";
import { refuseUnbuilt } from "./unbuilt.js";
import { exposureWarnings, startConfiguredServer } from "./configured-server.js";
import { loadServerCertificates } from "./server-certificates.js";
import { isCredentialOption, takeOverCredentials } from "./server-reload.js";
import { keyFiles, loadServerKeys, type ServerKeys } from "./server-keys.js";
import type { Paint } from "./paint.js";
import { printable } from "./printable.js";

/** `postern server`: the public server, until it is told to stop. Returns the exit code. */
export async function serverCommand(given: CommandLine, terminal: Terminal): Promise<number> {
  const all = { ...given, env: terminal.env };
  const settings = await readSettings(all);
  refuseUnbuilt(settings, ["tunnel", "server"]);
  const { base_domain: domain } = settings.loaded.values.tunnel.server;
  const credentials = await loadServerKeys(settings);
  const certificates = await loadServerCertificates(settings);

  const telling = await openTelling(settings, terminal, given.json, "server");
  const { messages } = telling;
  const { paint } = messages;
  const log = await telling.log("server");
  for (const warning of [
    ...settings.warnings,
    ...credentials.warnings,
    ...certificates.warnings,
    ...exposureWarnings(settings),
  ])
    log.warn(warning);

  const stop = listenForStop();
  let stopReloading = (): void => {};
  try {
    const server = await startConfiguredServer(
      settings,
      credentials.keys,
      certificates,
      log,
      await telling.log("requests"),
    );
    const { address, url } = server;
    const print = given.json ? eventPrinter(terminal.stdout, "server") : undefined;
    const tell = (message: string, data: Record<string, unknown>): void =>
      print?.(machineEvent("status_update", "server", message, data));
    const report = (state: string): void => tell(`${state}: ${address}`, { state, address, url, domain });

    const command = clientCommand(url, credentials);
    const text = banner(address, url, credentials, command, paint);
    messages.say("info", text, { msg: "ready", url, domain, client_command: command });
    report("listening");
    stopReloading = reloadOnChange({
      given: all,
      settings,
      warnings: [...credentials.warnings, ...certificates.warnings],
      files: [...keyFiles(credentials), ...certificates.files],
      async takeOver(changed) {
        refuseUnbuilt(changed, ["tunnel", "server"]);
        const taken = await takeOverCredentials(server, changed);
        return { summary: `keys of ${ownersText(taken.keys)}`, files: taken.files, warnings: taken.warnings };
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

function banner(address: string, url: string, credentials: ServerKeys, command: string, paint: Paint): string {
  return [
    "",
    `  ${paint.dim("Listening")}  ${printable(address)}`,
    `  ${paint.dim("Tunnels  ")}  ${paint.cyan(printable(url.replace("://", "://NAME.")))}`,
    `  ${paint.dim("Keys of  ")}  ${printable(ownersText(credentials))}`,
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

/** What to type beside the service. The key itself is not in it: a key in the command line is no secret. */
function clientCommand(url: string, { keys, file }: ServerKeys): string {
  // A server's file with a single key is a client's key file too.
  const keyFile = file !== undefined && keys.length === 1 ? file : "my.key";
  return `postern http 3000 --server ${url} --api-key-file ${keyFile}`;
}
