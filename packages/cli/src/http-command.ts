import type { TunnelEvent } from "@postern/client";
import { ConfigError, resolve, tunnelEndpoint, unbuilt, type EndpointConfiguration } from "@postern/config";
import { loadClientCredential } from "./client-credential.js";
import { loadClientTrust } from "./client-trust.js";
import { readSettings, type Settings } from "./configuration.js";
import { connectionOptions } from "./connect-options.js";
import type { EndpointWish, EndpointWishes } from "./endpoint-wishes.js";
import { changesText, Endpoints } from "./endpoints.js";
import { EXIT } from "./errors.js";
import { localTarget, type LocalTarget } from "./local-target.js";
import type { Messages } from "./messages.js";
import type { CommandLine } from "./options.js";
import { printable } from "./printable.js";
import { reloadOnChange } from "./reload.js";
import { exposure, serverChoice } from "./server-choice.js";
import { listenForStop } from "./stop-request.js";
import { openTelling } from "./telling.js";
import { eventPrinter, machineEvent, type Terminal } from "./terminal.js";
import { TunnelView } from "./tunnel-view.js";
import { refusePending, refuseUnbuilt } from "./unbuilt.js";

/** `postern http <target>`: shares a local HTTP service until it is told to stop. Returns the exit code. */
export async function httpCommand(text: string, given: CommandLine, terminal: Terminal): Promise<number> {
  const target = localTarget(text);
  const all = { ...given, env: terminal.env };
  // Its one endpoint is not in the file: that would be another of the same name.
  const typed = resolve(tunnelEndpoint.each, all, ["tunnel", "endpoint"]);
  if (typed.problems.length > 0) throw new ConfigError(typed.problems);
  refusePending(unbuilt(typed, undefined, [[]]));
  const { values: endpoint } = typed;
  const settings = await readSettings(all);
  const { wishes, files, warnings } = await wishFor(target, endpoint, settings);

  const telling = await openTelling(settings, terminal, given.json, "http");
  const { messages } = telling;
  for (const each of [...settings.warnings, ...warnings]) telling.warn(each);
  const view = new TunnelView(messages, (url) => showAddress(messages, url, target.shown));
  const print = given.json ? eventPrinter(terminal.stdout, labelOf(endpoint)) : undefined;

  const stop = listenForStop();
  const over = Promise.withResolvers<Error>();
  const endpoints = new Endpoints({
    onEvent(event: TunnelEvent) {
      print?.({ ...event });
      view.show(event);
    },
    onFailed: (_, error) => over.resolve(error),
  });
  const stopReloading = reloadOnChange({
    given: all,
    settings,
    files,
    warnings,
    async takeOver(changed) {
      const wished = await wishFor(target, endpoint, changed);
      const changes = endpoints.apply(wished.wishes);
      return { summary: changesText(changes), data: { ...changes }, files: wished.files, warnings: wished.warnings };
    },
    isFixed: ([section]) => section === "logging" || section === "application",
    report(level, msg, data) {
      const { paint } = messages;
      messages.say(level, level === "info" ? paint.dim(printable(msg)) : paint.yellow(printable(msg)), {
        msg,
        ...data,
      });
      print?.(machineEvent("status_update", labelOf(endpoint), msg, data));
    },
  });
  try {
    endpoints.apply(wishes);
    const failure = await Promise.race([over.promise, stop.received]);
    if (failure !== undefined) throw failure;
    const msg = "Stopping: requests in progress may finish. Ctrl-C again ends at once.";
    messages.say("info", messages.paint.dim(msg), { msg });
    return EXIT.done;
  } finally {
    stopReloading();
    await endpoints.close();
    view.tellOmitted();
    stop.dispose();
    await telling.close();
  }
}

/** The one endpoint that is wished for: what was typed, and what the configuration says of all. */
async function wishFor(
  target: LocalTarget,
  endpoint: EndpointConfiguration,
  settings: Settings,
): Promise<EndpointWishes> {
  const { tunnel } = settings.loaded.values;
  refuseUnbuilt(settings, ["tunnel", "auth"], ["tunnel", "ssl"]);
  const server = serverChoice(endpoint.server_url, tunnel.endpoints[0]?.server_url);
  const credential = await loadClientCredential(settings);
  const trust = await loadClientTrust(settings);
  const wish: EndpointWish = {
    label: labelOf(endpoint),
    options: {
      ...connectionOptions(endpoint, tunnel),
      server,
      local: target.local,
      ...credential.options,
      tls: { ...trust.tls, ...credential.options.tls },
    },
  };
  return {
    wishes: [wish],
    files: [...credential.files, ...trust.files],
    warnings: [...credential.warnings, exposure(server), ...trust.warnings].filter((each) => each !== undefined),
  };
}

function labelOf({ subdomain }: EndpointConfiguration): string {
  return subdomain ?? "default";
}

function showAddress(messages: Messages, url: string, local: string): void {
  const { paint } = messages;
  const text = [
    "",
    `  ${paint.dim("Public")}  ${paint.bold(paint.cyan(printable(url)))}`,
    `  ${paint.dim("Local ")}  ${printable(local)}`,
    "",
    `  ${paint.dim("Ctrl-C ends it. Requests:")}`,
    "",
  ].join("\n");
  messages.say("info", text, { msg: `${url} → ${local}`, public_url: url, local });
}
