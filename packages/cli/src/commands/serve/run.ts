import type { StatusEvent } from "@postern/client";
import { CliError, EXIT } from "../../errors.js";
import { isDetailed } from "../../reporting/detail.js";
import { GatewayView } from "../../reporting/gateway-view.js";
import { isFixedReporting, Monitoring } from "../../monitoring/monitoring.js";
import { printReload } from "../../reporting/reload-lines.js";
import { openReporting } from "../../reporting/reporting.js";
import { loadGateway } from "../../running/configured-gateway.js";
import {
  gatewayExposure,
  gatewayMonitoring,
  hasGateway,
  isFixedGatewayOption,
} from "../../running/gateway-settings.js";
import { GatewayService } from "../../running/gateway-service.js";
import { requestEvent, stateEvent, targetFailureEvent } from "../../running/gateway-events.js";
import { reloadMessage } from "../../running/reload.js";
import { announceStop, runServices } from "../../running/run-services.js";
import { readSettings, type Settings } from "../../settings/configuration.js";
import type { CommandLine } from "../../settings/options.js";
import { refuseUnsupported } from "../../settings/unsupported.js";
import { eventPrinter, machineEvent, type Terminal } from "../../terminal/terminal.js";

/** The sections of the configuration that this command uses. */
const SECTIONS = ["server", "proxy", "static_config"].map((name) => [name]);

const FILE_FIX = [
  "Write a route to a file, for example to ./postern.toml, and start again:",
  "  [[proxy]]",
  '  path = "/*"',
  '  target = "http://localhost:3000"',
].join("\n");

/** `postern serve [folder]`: runs the gateway until it is stopped. Returns the exit code. */
export async function run(given: CommandLine & { folder: string }, terminal: Terminal): Promise<number> {
  if (given.folder !== "")
    throw new CliError("PN_CONFIG_UNBUILT", `This version cannot serve the files of ${given.folder}.`, FILE_FIX);
  const all = { ...given, env: terminal.env };
  const settings = await readSettings(all);
  const check = (each: Settings): void => {
    if (!hasGateway(each)) throw nothingToServe(each);
    refuseUnsupported(each, ...SECTIONS, ...gatewayMonitoring(each));
  };
  check(settings);
  const configured = await loadGateway(settings);

  const reporting = await openReporting(settings, terminal, given.json, "serve");
  const { messages } = reporting;
  for (const warning of [...settings.warnings, ...configured.warnings, ...leftOut(settings)]) reporting.warn(warning);
  const print = given.json ? eventPrinter(terminal.stdout, "gateway") : undefined;
  const report = (event: StatusEvent): void => {
    print?.(event);
    monitoring.onEvent(event);
  };
  const update = (message: string, data: Record<string, unknown>): void =>
    report(machineEvent("status_update", "gateway", message, data));
  const view = new GatewayView(messages, isDetailed(settings.loaded.values.logging.level));

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
    reports: {
      onState(state, addresses) {
        if (state === "listening") view.showAddresses(addresses, gatewayExposure(settings));
        report(stateEvent(state, addresses));
      },
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
      onFault: (error) => view.showFault(error),
    },
  });
  await runServices({
    services: [reporting, monitoring, gateway],
    onStopping: () => announceStop(messages),
    reload: {
      given: all,
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

function nothingToServe({ file }: Settings): CliError {
  const message =
    file === undefined
      ? "No configuration file was found, so there is no route to serve."
      : `${file} has no route to serve.`;
  return new CliError("PN_CONFIG_MISSING", message, FILE_FIX);
}
