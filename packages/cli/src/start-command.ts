import type { TunnelEvent } from "@postern/client";
import type { Server } from "@postern/server";
import { readSettings, type Settings } from "./configuration.js";
import { exposureWarnings, startConfiguredServer } from "./configured-server.js";
import { Endpoints, type Changes } from "./endpoints.js";
import { endpointWishes } from "./endpoint-wishes.js";
import { CliError, EXIT } from "./errors.js";
import { failureOf } from "./failure.js";
import { watchFile } from "./file-watch.js";
import type { CommandLine } from "./options.js";
import { logEvent } from "./event-log.js";
import { loadServerKeys } from "./server-keys.js";
import { listenForStop } from "./stop-request.js";
import { openTelling } from "./telling.js";
import { eventPrinter, machineEvent, type MachineEvent, type Terminal } from "./terminal.js";
import { refuseUnbuilt } from "./unbuilt.js";

const NOTHING = [
  "Share a service:     add [[tunnel.endpoints]] with server_url and local",
  "Run the server:      set enabled = true in [tunnel.server]",
  "Begin with a file:   postern config init",
].join("\n");

/** `postern start`: all that the configuration file enables, until it is told to stop. Returns the exit code. */
export async function startCommand(given: CommandLine, terminal: Terminal): Promise<number> {
  const settings = await readSettings({ ...given, env: terminal.env });
  const { file } = settings;
  if (file === undefined) throw new CliError("PN_CONFIG_MISSING", "There is no configuration file.", NOTHING);
  refuseUnbuilt(settings);
  const { wishes, warnings } = await endpointWishes(settings);
  const runsServer = settings.loaded.values.tunnel.server.enabled;
  const credentials = runsServer ? await loadServerKeys(settings) : undefined;
  if (wishes.length === 0 && !runsServer)
    throw new CliError("PN_CONFIG_MISSING", `Nothing in ${file} is to be run.`, NOTHING);

  const telling = await openTelling(settings, terminal, given.json, "start");
  const { messages } = telling;
  const log = await telling.log("tunnel");
  const requestLog = await telling.log("requests");
  const exposed = runsServer ? exposureWarnings(settings) : [];
  for (const each of [...settings.warnings, ...warnings, ...(credentials?.warnings ?? []), ...exposed])
    telling.warn(each);
  const print = given.json ? eventPrinter(terminal.stdout, "postern") : undefined;
  const report = (event: MachineEvent): void => print?.(event);

  const stop = listenForStop();
  const over = Promise.withResolvers<Error>();
  let server: Server | undefined;
  const endpoints = new Endpoints({
    onEvent(event: TunnelEvent) {
      report({ ...event });
      logEvent(event, log, requestLog);
    },
    onFailed(label, error) {
      const { code, message } = failureOf(error);
      log.error({ endpoint: label, code }, `${message} This endpoint is given up until its configuration changes.`);
      if (endpoints.alive === 0 && !runsServer) over.resolve(error);
    },
  });
  const reload = createReload(given, terminal, settings, endpoints, (level, message, data) => {
    log[level](data, message);
    report(machineEvent("status_update", "postern", message, data));
  });
  const unwatch = watchFile(file, reload);
  process.on("SIGHUP", reload);
  try {
    if (credentials !== undefined) {
      server = await startConfiguredServer(settings, credentials.keys, await telling.log("server"), requestLog);
      const { address, url } = server;
      report(machineEvent("status_update", "server", `listening: ${address}`, { state: "listening", address, url }));
    }
    endpoints.apply(wishes);
    const failure = await Promise.race([over.promise, stop.received]);
    if (failure !== undefined) throw failure;
    const msg = "Stopping: requests in progress may finish. Ctrl-C again ends at once.";
    messages.say("info", messages.paint.dim(msg), { msg });
    return EXIT.done;
  } finally {
    process.off("SIGHUP", reload);
    unwatch();
    // Tunnels first: through a server of this process, they could not say goodbye after it.
    await endpoints.close();
    await server?.stop();
    stop.dispose();
    await telling.close();
  }
}

type Report = (level: "info" | "warn" | "error", message: string, data: Record<string, unknown>) => void;

/** What happens when the file may have changed: the good is taken over, the bad is told and changes nothing. One at a time. */
function createReload(
  given: CommandLine,
  terminal: Terminal,
  first: Settings,
  endpoints: Endpoints,
  report: Report,
): () => void {
  let current = first;
  let last = Promise.resolve();
  const reload = async (): Promise<void> => {
    try {
      const settings = await readSettings({ ...given, env: terminal.env });
      refuseUnbuilt(settings);
      const { wishes } = await endpointWishes(settings);
      const changes = endpoints.apply(wishes);
      const fixed = fixedChanges(current, settings);
      current = settings;
      report("info", `configuration read again: ${changesText(changes)}`, { state: "reloaded", ...changes });
      if (fixed.length > 0)
        report("warn", `takes effect at the next start: ${fixed.join(", ")}`, {
          state: "restart_needed",
          options: fixed,
        });
    } catch (error) {
      const { code, message, fix } = failureOf(error);
      const what = [message, ...(fix?.split("\n") ?? [])].join(" ");
      report("error", `the configuration was not taken over, the last good one stays: ${what}`, {
        state: "configuration_refused",
        code,
      });
    }
  };
  return () => {
    last = last.then(reload);
  };
}

/** Options that differ and are only read at the start. */
function fixedChanges(before: Settings, after: Settings): string[] {
  const values = (settings: Settings): Map<string, string> =>
    new Map(
      settings.loaded.resolution.options
        .filter(({ path }) => !(path[0] === "tunnel" && path[1] !== "server"))
        .map(({ path, value }) => [path.join("."), JSON.stringify(value)]),
    );
  const old = values(before);
  return [...values(after)].filter(([path, value]) => old.get(path) !== value).map(([path]) => path);
}

function changesText({ added, changed, removed }: Changes): string {
  const parts = Object.entries({ added, changed, removed }).filter(([, labels]) => labels.length > 0);
  if (parts.length === 0) return "no endpoint has changed";
  return parts.map(([what, labels]) => `${what} ${labels.join(", ")}`).join("; ");
}
