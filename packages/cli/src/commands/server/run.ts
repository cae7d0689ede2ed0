import { EXIT } from "../../errors.js";
import { isCredentialOption, loadServerCredentials, loginsText } from "../../credentials/server-credentials.js";
import { openAccessLogs } from "../../access-log/open-access-logs.js";
import { openReporting } from "../../reporting/reporting.js";
import { exposureWarnings } from "../../running/configured-server.js";
import { reloadMessage } from "../../running/reload.js";
import { announceStop, runServices } from "../../running/run-services.js";
import { ServerService } from "../../running/server-service.js";
import { readSettings, type Settings } from "../../settings/configuration.js";
import type { CommandLine } from "../../settings/options.js";
import { refuseUnsupported } from "../../settings/unsupported.js";
import type { Paint } from "../../terminal/paint.js";
import { printable } from "../../terminal/printable.js";
import { eventPrinter, machineEvent, type Terminal } from "../../terminal/terminal.js";
import { clientCommand } from "./client-command.js";

/** `postern server`: runs the public server until it is stopped. Returns the exit code. */
export async function run(given: CommandLine, terminal: Terminal): Promise<number> {
  const all = { ...given, env: terminal.env };
  const settings = await readSettings(all);
  const check = (each: Settings): void => refuseUnsupported(each, ["tunnel", "server"]);
  check(settings);
  const { base_domain: domain } = settings.loaded.values.tunnel.server;
  const credentials = await loadServerCredentials(settings);

  const reporting = await openReporting(settings, terminal, given.json, "server");
  const { messages } = reporting;
  const { paint } = messages;
  const log = await reporting.log("server");
  for (const warning of [...settings.warnings, ...credentials.warnings, ...exposureWarnings(settings)])
    log.warn(warning);
  const print = given.json ? eventPrinter(terminal.stdout, "server") : undefined;
  const report = (message: string, data: Record<string, unknown>): void =>
    print?.(machineEvent("status_update", "server", message, data));

  const accessLogs = await openAccessLogs({
    settings,
    terminal,
    json: given.json,
    hasRoutes: false,
    onWarning: (text) => log.warn(text),
  });
  const server = new ServerService({
    settings,
    credentials,
    accessLogs,
    log,
    requestLog: await reporting.log("requests"),
    onState(state, { address, url }) {
      if (state === "listening") {
        const command = clientCommand(url, credentials);
        const text = banner(address, url, loginsText(credentials), command, paint);
        messages.print("info", text, { msg: "ready", url, domain, client_command: command });
      }
      report(`${state}: ${address}`, { state, address, url, domain });
    },
  });
  await runServices({
    services: [reporting, ...(accessLogs === undefined ? [] : [accessLogs]), server],
    onStopping: () => announceStop(messages),
    reload: {
      given: all,
      settings,
      files: credentials.files,
      warnings: credentials.warnings,
      whileStopping: true,
      check,
      isFixed: ([first, second, ...rest]) =>
        first === "logging" ||
        first === "application" ||
        (first === "tunnel" && second === "server" && !isCredentialOption([first, second, ...rest])),
      report(level, message, data) {
        log[level](data, message);
        report(reloadMessage(message, data), data);
      },
    },
  });
  return EXIT.done;
}

function banner(address: string, url: string, logins: string, command: string, paint: Paint): string {
  return [
    "",
    `  ${paint.dim("Listening on     ")}  ${printable(address)}`,
    `  ${paint.dim("Public URLs      ")}  ${paint.cyan(printable(url.replace("://", "://NAME.")))}`,
    `  ${paint.dim("Accepted logins  ")}  ${printable(logins)}`,
    "",
    `  ${paint.dim("To share a local service on port 3000, run:")}`,
    `  ${paint.bold(printable(command))}`,
    "",
  ].join("\n");
}
