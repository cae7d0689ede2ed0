import type { StatusEvent } from "@postern/client";
import { CliError, EXIT } from "../../errors.js";
import { isDetailed } from "../../reporting/detail.js";
import { GatewayView } from "../../reporting/gateway-view.js";
import { isFixedReporting, Monitoring } from "../../monitoring/monitoring.js";
import { printReload } from "../../reporting/reload-lines.js";
import { openAccessLogs } from "../../access-log/open-access-logs.js";
import { openReporting } from "../../reporting/reporting.js";
import { loadGateway } from "../../running/configured-gateway.js";
import {
  gatewayExposure,
  gatewayMonitoring,
  hasGateway,
  isFixedGatewayOption,
} from "../../running/gateway-settings.js";
import { GatewayService } from "../../running/gateway-service.js";
import { requestEvent, stateEvent, targetChangeEvent, targetFailureEvent } from "../../running/gateway-events.js";
import { reloadMessage } from "../../running/reload.js";
import { announceStop, runServices } from "../../running/run-services.js";
import { servedFolders, servesStaticFiles } from "../../running/served-folders.js";
import type { Settings } from "../../settings/configuration.js";
import { refuseUnsupported } from "../../settings/unsupported.js";
import { wrapped } from "../../terminal/wrapped.js";
import { eventPrinter, machineEvent, type Terminal } from "../../terminal/terminal.js";
import type { CommandInput } from "../command.js";
import { readServed } from "./given.js";

/** The sections of the configuration that this command uses. */
const SECTIONS = ["server", "proxy", "static_config"].map((name) => [name]);

const FILE_FIX = [
  "Serve a folder:    postern serve ./public",
  "Or add a route to the file:",
  "  [[proxy]]",
  '  path = "/*"',
  '  target = "http://localhost:3000"',
].join("\n");

/** `postern serve [folder]`: runs the gateway until it is stopped. Returns the exit code. */
export async function run(line: CommandInput, terminal: Terminal): Promise<number> {
  const { given, settings, unreadFile } = await readServed(line, terminal.env);
  const check = (each: Settings): void => {
    if (!hasGateway(each)) throw nothingToServe(each);
    refuseUnsupported(each, ...SECTIONS, ...gatewayMonitoring(each));
  };
  check(settings);
  const configured = await loadGateway(settings);

  const reporting = await openReporting(settings, terminal, line.json, "serve");
  const { messages } = reporting;
  if (unreadFile !== undefined)
    messages.print("info", messages.paint.dim(wrapped(unread(unreadFile), messages.columns)), {
      msg: unread(unreadFile),
    });
  for (const warning of [...settings.warnings, ...configured.warnings, ...leftOut(settings)]) reporting.warn(warning);
  const print = line.json ? eventPrinter(terminal.stdout, "gateway") : undefined;
  const report = (event: StatusEvent): void => {
    print?.(event);
    monitoring.onEvent(event);
  };
  const update = (message: string, data: Record<string, unknown>): void =>
    report(machineEvent("status_update", "gateway", message, data));
  const folders = servesStaticFiles(settings)
    ? servedFolders(settings)
        .slice(0, 1)
        .map(({ path }) => path)
    : [];
  const { logging } = settings.loaded.values;
  const view = new GatewayView({
    messages,
    gateway: await reporting.messagesOf("gateway"),
    requests: await reporting.messagesOf("requests"),
    isDetailed: isDetailed(logging.level),
    hasFigures: logging.enable_performance_metrics,
  });
  const accessLogs = await openAccessLogs({
    settings,
    terminal,
    json: line.json,
    hasRoutes: true,
    onWarning: (text) => reporting.warn(text),
  });

  const monitoring = new Monitoring({
    settings,
    command: "serve",
    specs: [],
    gateway: () => gateway.report,
    report(level, event) {
      if (level === "warn") reporting.warn(event.message);
      print?.(event);
    },
  });
  const gateway: GatewayService = new GatewayService({
    settings,
    configured,
    accessLogs,
    reports: {
      onState(state, addresses) {
        if (state === "listening") view.showAddresses(addresses, folders, gatewayExposure(settings));
        report(stateEvent(state, addresses));
      },
      onWarning: (text) => reporting.warn(text),
      onRequest(entry, visitor) {
        view.showRequest(entry, visitor);
        report(requestEvent(entry));
      },
      onOmitted(omitted) {
        view.showOmitted(omitted);
        update(`${omitted} more requests`, { omitted });
      },
      onTargetFailure(failure) {
        view.showTargetFailure(failure);
        report(targetFailureEvent(failure));
      },
      onTargetChange(change) {
        view.showTargetChange(change);
        report(targetChangeEvent(change));
      },
      onFault: (error) => view.showFault(error),
    },
  });
  await runServices({
    services: [reporting, ...(accessLogs === undefined ? [] : [accessLogs]), monitoring, gateway],
    onStopping: () => announceStop(messages),
    reload: {
      given,
      settings,
      files: configured.files,
      warnings: configured.warnings,
      check,
      isFixed: (path) => isFixedReporting(path) || isFixedGatewayOption(path),
      report(level, message, data) {
        printReload(messages, level, message, data);
        update(reloadMessage(message, data), data);
      },
    },
  });
  return EXIT.done;
}

/** The parts of the file that this command does not run. */
function leftOut({ loaded }: Settings): string[] {
  const { enabled, endpoints, server } = loaded.values.tunnel;
  const parts = [
    ...(enabled && endpoints.length > 0 ? ["[[tunnel.endpoints]]"] : []),
    ...(server.enabled ? ["[tunnel.server]"] : []),
  ];
  return parts.length === 0
    ? []
    : [`This command does not run ${parts.join(" and ")}. \`postern start\` runs everything.`];
}

function nothingToServe({ file = "The configuration" }: Settings): CliError {
  return new CliError(
    "PN_CONFIG_MISSING",
    `${file} has no route and no [static_config], so nothing is served.`,
    FILE_FIX,
  );
}

function unread(file: string): string {
  return `${file} is not read, because a folder is given. To use both, add --config ${file}`;
}
