import { connect, type ConnectOptions, type TunnelEvent } from "@postern/client";
import { ConfigError, resolve, tunnelEndpoint } from "@postern/config";
import { refuseUnbuilt } from "./unbuilt.js";
import { loadClientKey } from "./client-key.js";
import { readSettings } from "./configuration.js";
import { connectionOptions } from "./connect-options.js";
import { EXIT } from "./errors.js";
import { localTarget } from "./local-target.js";
import type { Messages } from "./messages.js";
import type { CommandLine } from "./options.js";
import { printable } from "./printable.js";
import { exposure, serverChoice } from "./server-choice.js";
import { listenForStop } from "./stop-request.js";
import { openTelling } from "./telling.js";
import { eventPrinter, type Terminal } from "./terminal.js";
import { TunnelView } from "./tunnel-view.js";

/** `postern http <target>`: shares a local HTTP service until it is told to stop. Returns the exit code. */
export async function httpCommand(text: string, given: CommandLine, terminal: Terminal): Promise<number> {
  const target = localTarget(text);
  const layers = { env: terminal.env, flags: given.flags };
  // Its one endpoint is not in the file: that would be another of the same name.
  const { values: endpoint, problems } = resolve(tunnelEndpoint.each, layers, ["tunnel", "endpoint"]);
  if (problems.length > 0) throw new ConfigError(problems);
  const settings = await readSettings({ ...given, env: terminal.env });
  const { tunnel } = settings.loaded.values;
  const server = serverChoice(endpoint.server_url, tunnel.endpoints[0]?.server_url);
  refuseUnbuilt(settings, ["tunnel", "auth"], ["tunnel", "ssl"]);
  const { key, warning } = await loadClientKey(settings);

  const telling = await openTelling(settings, terminal, given.json, "http");
  const { messages } = telling;
  for (const each of [...settings.warnings, warning, exposure(server)]) if (each !== undefined) telling.warn(each);
  const view = new TunnelView(messages, (url) => showAddress(messages, url, target.shown));
  const print = given.json ? eventPrinter(terminal.stdout, endpoint.subdomain ?? "default") : undefined;

  const stop = listenForStop();
  const opening = new AbortController();
  const giveUp = (): void => opening.abort();
  stop.signal.addEventListener("abort", giveUp);
  try {
    const wish: ConnectOptions = {
      ...connectionOptions(endpoint, tunnel),
      server,
      apiKey: key,
      local: target.local,
      signal: opening.signal,
      onEvent(event: TunnelEvent) {
        print?.({ ...event });
        view.show(event);
      },
    };
    const open = await connect(wish);
    // From here on a wish to stop lets the requests in flight finish.
    stop.signal.removeEventListener("abort", giveUp);
    const closed = new Promise<void>((resolve, reject) => {
      open.on("closed", (error) => (error === undefined ? resolve() : reject(error)));
    });
    await Promise.race([closed, stop.received]);
    if (stop.requested) {
      const msg = "Stopping: requests in progress may finish. Ctrl-C again ends at once.";
      messages.say("info", messages.paint.dim(msg), { msg });
    }
    await open.close();
    view.tellOmitted();
    return EXIT.done;
  } catch (error) {
    if (stop.requested) return EXIT.done;
    throw error;
  } finally {
    stop.dispose();
    await telling.close();
  }
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
