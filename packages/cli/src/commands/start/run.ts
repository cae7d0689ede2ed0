import { CliError, EXIT } from "../../errors.js";
import { isCredentialOption, loadServerCredentials } from "../../credentials/server-credentials.js";
import { Monitoring, MONITORED } from "../../monitoring/monitoring.js";
import { EventLog } from "../../reporting/event-log.js";
import { failureOf } from "../../reporting/failure.js";
import { openAccessLogs } from "../../access-log/open-access-logs.js";
import { openReporting } from "../../reporting/reporting.js";
import { exposureWarnings } from "../../running/configured-server.js";
import {
  gatewayExposure,
  gatewayMonitoring,
  hasGateway,
  isFixedGatewayOption,
} from "../../running/gateway-settings.js";
import { EndpointsService, type FailureOutcome } from "../../running/endpoints-service.js";
import { loadEndpointSpecs, type EndpointSpecs } from "../../running/endpoint-specs.js";
import { reloadMessage } from "../../running/reload.js";
import { announceStop, runServices } from "../../running/run-services.js";
import { SharedFolders } from "../../running/shared-folders.js";
import { ServerService } from "../../running/server-service.js";
import { readSettings, type Settings } from "../../settings/configuration.js";
import type { CommandLine } from "../../settings/options.js";
import { refuseUnsupported } from "../../settings/unsupported.js";
import type { StatusEvent } from "@postern/client";
import type { Path } from "@postern/config";
import { printable } from "../../terminal/printable.js";
import { eventPrinter, machineEvent, type Terminal } from "../../terminal/terminal.js";

const FILE_FIX = ["Write one:     postern config init", "Name another:  postern start --config FILE"].join("\n");

const CONSEQUENCES: Record<FailureOutcome, string> = {
  kept: "The previous version of this endpoint keeps running.",
  down: "Not retrying until the configuration changes.",
  end: "Stopping, because no endpoint is left.",
};

/** Whether an option is read only at start. */
function isFixed(path: Path, runsGateway: boolean): boolean {
  // A file that gets its first route needs another start.
  if (path[0] === "server" || path[0] === "proxy" || path[0] === "static_config")
    return !runsGateway || isFixedGatewayOption(path);
  return (path[0] !== "tunnel" || path[1] === "server" || MONITORED.has(String(path[1]))) && !isCredentialOption(path);
}

/** Suggests what is missing: a table, or `enabled` in one that exists. */
function fixFor({ loaded }: Settings): string {
  const { enabled, endpoints } = loaded.values.tunnel;
  const share = enabled
    ? "add [[tunnel.endpoints]] with server_url and local"
    : `set enabled = true in [tunnel]${endpoints.length > 0 ? "" : ", and add [[tunnel.endpoints]]"}`;
  return [
    `Share a service:     ${share}`,
    "Run the server:      set enabled = true in [tunnel.server]",
    "Serve routes:        add [[proxy]] with path and target",
    "Serve files:         add [static_config] with directory",
    ...(enabled && endpoints.length === 0 ? ["Write an example:    postern config init example.toml"] : []),
  ].join("\n");
}

/** `postern start`: runs everything that the configuration file enables until it is stopped. Returns the exit code. */
export async function run(given: CommandLine, terminal: Terminal): Promise<number> {
  const all = { ...given, env: terminal.env };
  const settings = await readSettings(all);
  const { file } = settings;
  if (file === undefined) throw new CliError("PN_CONFIG_MISSING", "No configuration file was found.", FILE_FIX);
  const check = (each: Settings): void => refuseUnsupported(each, [], ...gatewayMonitoring(each));
  check(settings);
  const runsServer = settings.loaded.values.tunnel.server.enabled;
  const runsGateway = hasGateway(settings);
  const folders = new SharedFolders({
    env: terminal.env,
    reports: {
      onTargetFailure: ({ target, reason, count }) => log.warn({ target, count }, reason),
      onFault: (err) => log.error({ err }, "a visitor's connection was closed: internal error"),
    },
  });
  const load = async (each: Settings): Promise<EndpointSpecs> => {
    const loaded = await loadEndpointSpecs(each, folders.share);
    if (loaded.specs.length > 0 || runsServer || runsGateway) return loaded;
    throw new CliError("PN_CONFIG_MISSING", `${file} does not enable anything to run.`, fixFor(each));
  };
  const { specs, files, warnings } = await load(settings);
  const credentials = runsServer ? await loadServerCredentials(settings) : undefined;
  // A process without a gateway does not load its code.
  const gatewayParts = runsGateway ? await import("../../running/start-gateway.js") : undefined;
  const configured = await gatewayParts?.loadGateway(settings);

  const reporting = await openReporting(settings, terminal, given.json, "start");
  const { messages } = reporting;
  const log = await reporting.log("tunnel");
  const requestLog = await reporting.log("requests");
  const known = [...warnings, ...(credentials?.warnings ?? []), ...(configured?.warnings ?? [])];
  const exposed = [
    ...(runsServer ? exposureWarnings(settings) : []),
    ...(runsGateway ? gatewayExposure(settings) : []),
  ];
  for (const each of [...settings.warnings, ...known, ...exposed]) reporting.warn(each);
  const print = given.json ? eventPrinter(terminal.stdout, "postern") : undefined;
  const report = (event: StatusEvent): void => {
    print?.(event);
    monitoring.onEvent(event);
  };

  const accessLogs = await openAccessLogs({
    settings,
    terminal,
    json: given.json,
    hasRoutes: runsGateway,
    onWarning: (text) => reporting.warn(text),
  });
  const monitoring = new Monitoring({
    settings,
    command: "start",
    specs,
    gateway: runsGateway ? () => gateway?.report : undefined,
    report(level, event) {
      log[level](event.data, event.message);
      print?.(event);
    },
  });
  const events = new EventLog(log, requestLog);
  const endpoints = new EndpointsService({
    specs,
    load,
    monitoring,
    isFatal: (left) => left === 0 && !runsServer && !runsGateway,
    onEvent(event) {
      report(event);
      // People need the URL of a tunnel even if they read no events.
      if (event.type === "tunnel_established" || settings.loaded.values.tunnel.monitoring.log_events) events.add(event);
    },
    onFailed(label, error, outcome) {
      const failure = failureOf(error);
      if (outcome !== "end") return events.failed(label, failure, CONSEQUENCES[outcome]);
      // People read the reason in the error message of the command, which follows.
      const text = printable(`${label} has failed. ${CONSEQUENCES.end}`);
      messages.print("error", messages.paint.red(text), events.failure(label, failure, CONSEQUENCES.end));
    },
  });
  const server =
    credentials === undefined
      ? undefined
      : new ServerService({
          settings,
          credentials,
          accessLogs,
          log: await reporting.log("server"),
          requestLog,
          onState(state, { address, url }) {
            if (state !== "listening") return;
            report(machineEvent("status_update", "server", `${state}: ${address}`, { state, address, url }));
          },
        });
  const gateway =
    gatewayParts === undefined || configured === undefined
      ? undefined
      : new gatewayParts.GatewayService({
          settings,
          configured,
          accessLogs,
          ...(server === undefined ? {} : { tunnelUpstream: (name: string) => server.upstream(name) }),
          reports: gatewayParts.gatewayLog(await reporting.log("gateway"), requestLog, report),
        });
  await runServices({
    // Tunnels may use the server and the gateway of this process, and the gateway the server's tunnels: what others use
    // starts before them and stops after them.
    services: [
      reporting,
      ...[accessLogs, server, gateway].filter((each) => each !== undefined),
      monitoring,
      folders,
      endpoints,
    ],
    onStopping: () => announceStop(messages),
    reload: {
      given: all,
      settings,
      warnings: known,
      files: [...files, ...(credentials?.files ?? []), ...(configured?.files ?? [])],
      check,
      isFixed: (path) => isFixed(path, runsGateway),
      report(level, message, data) {
        log[level](data, message);
        report(machineEvent("status_update", "postern", reloadMessage(message, data), data));
      },
    },
  });
  return EXIT.done;
}
