import type { StatusEvent, TunnelEvent } from "@postern/client";
import type { Server } from "@postern/server";
import { readSettings } from "../settings/configuration.js";
import { exposureWarnings, startConfiguredServer } from "../running/configured-server.js";
import { changesText, Endpoints, type Changes } from "../running/endpoints.js";
import { endpointWishes, type EndpointWish } from "../running/endpoint-specs.js";
import { CliError, EXIT } from "../errors.js";
import { failureOf } from "../reporting/failure.js";
import type { CommandLine } from "../settings/options.js";
import { logEvent } from "../reporting/event-log.js";
import { Monitoring, MONITORED } from "../monitoring/monitoring.js";
import { reloadOnChange } from "../running/reload.js";
import { isCredentialOption, loadServerCredentials, takeOverCredentials } from "../credentials/server-credentials.js";
import { listenForStop } from "../running/stop-request.js";
import { openTelling } from "../reporting/reporting.js";
import { eventPrinter, machineEvent, type Terminal } from "../terminal/terminal.js";
import { refuseUnbuilt } from "../settings/unsupported.js";

const NOTHING = [
  "Share a service:     add [[tunnel.endpoints]] with server_url and local",
  "Run the server:      set enabled = true in [tunnel.server]",
  "Begin with a file:   postern config init",
].join("\n");

/** `postern start`: all that the configuration file enables, until it is told to stop. Returns the exit code. */
export async function startCommand(given: CommandLine, terminal: Terminal): Promise<number> {
  const all = { ...given, env: terminal.env };
  const settings = await readSettings(all);
  const { file } = settings;
  if (file === undefined) throw new CliError("PN_CONFIG_MISSING", "There is no configuration file.", NOTHING);
  refuseUnbuilt(settings);
  const { wishes, files, warnings } = await endpointWishes(settings);
  const runsServer = settings.loaded.values.tunnel.server.enabled;
  const credentials = runsServer ? await loadServerCredentials(settings) : undefined;
  if (wishes.length === 0 && !runsServer)
    throw new CliError("PN_CONFIG_MISSING", `Nothing in ${file} is to be run.`, NOTHING);

  const telling = await openTelling(settings, terminal, given.json, "start");
  const { messages } = telling;
  const log = await telling.log("tunnel");
  const requestLog = await telling.log("requests");
  const exposed = runsServer ? exposureWarnings(settings) : [];
  const known = [...warnings, ...(credentials?.warnings ?? [])];
  for (const each of [...settings.warnings, ...known, ...exposed]) telling.warn(each);
  const print = given.json ? eventPrinter(terminal.stdout, "postern") : undefined;
  const report = (event: StatusEvent): void => {
    print?.(event);
    monitoring.onEvent(event);
  };

  const monitoring = new Monitoring({
    settings,
    command: "start",
    report(level, event) {
      log[level](event.data, event.message);
      print?.(event);
    },
  });
  const stop = listenForStop();
  const over = Promise.withResolvers<Error>();
  let server: Server | undefined;
  const started = Promise.withResolvers<void>();
  const endpoints = new Endpoints({
    onEvent(event: TunnelEvent) {
      report(event);
      if (settings.loaded.values.tunnel.monitoring.log_events) logEvent(event, log, requestLog);
    },
    onState: (label, state) => monitoring.onState(label, state),
    onFailed(label, error, kept) {
      const { code, message } = failureOf(error);
      const what = kept ? "What ran before goes on." : "This endpoint is given up until its configuration changes.";
      log.error({ endpoint: label, code }, `${message} ${what}`);
      if (endpoints.alive === 0 && !runsServer) over.resolve(error);
    },
  });
  const apply = async (wished: readonly EndpointWish[]): Promise<Changes> => {
    monitoring.apply(wished);
    if (wished.length > 0) await monitoring.open();
    return endpoints.apply(wished);
  };
  const stopReloading = reloadOnChange({
    given: all,
    settings,
    warnings: known,
    files: [...files, ...(credentials?.files ?? [])],
    async takeOver(changed) {
      // A change while the server starts waits for it.
      await started.promise;
      refuseUnbuilt(changed);
      const wished = await endpointWishes(changed);
      if (wished.wishes.length === 0 && !runsServer)
        throw new CliError("PN_CONFIG_MISSING", `Nothing in ${file} is to be run.`, NOTHING);
      const taken = server === undefined ? undefined : await takeOverCredentials(server, changed);
      const changes = await apply(wished.wishes);
      return {
        summary: changesText(changes),
        data: { ...changes },
        files: [...wished.files, ...(taken?.files ?? [])],
        warnings: [...wished.warnings, ...(taken?.warnings ?? [])],
      };
    },
    isFixed: (path) =>
      (path[0] !== "tunnel" || path[1] === "server" || MONITORED.has(String(path[1]))) && !isCredentialOption(path),
    report(level, message, data) {
      log[level](data, message);
      report(machineEvent("status_update", "postern", message, data));
    },
  });
  try {
    if (credentials !== undefined) {
      server = await startConfiguredServer(settings, credentials, await telling.log("server"), requestLog);
      const { address, url } = server;
      report(machineEvent("status_update", "server", `listening: ${address}`, { state: "listening", address, url }));
    }
    await apply(wishes);
    started.resolve();
    const failure = await Promise.race([over.promise, stop.received]);
    if (failure !== undefined) throw failure;
    const msg = "Stopping: requests in progress may finish. Ctrl-C again ends at once.";
    messages.say("info", messages.paint.dim(msg), { msg });
    return EXIT.done;
  } finally {
    stopReloading();
    // Tunnels first: through a server of this process, they could not say goodbye after it.
    await endpoints.close();
    await monitoring.close();
    await server?.stop();
    stop.dispose();
    await telling.close();
  }
}
