import { connect, type ConnectOptions, type TunnelEvent } from "@postern/client";
import { loadClientKey } from "./client-key.js";
import { EXIT } from "./errors.js";
import { localTarget } from "./local-target.js";
import { createMessages, type Messages } from "./messages.js";
import type { HttpCommandOptions } from "./options.js";
import { printable } from "./printable.js";
import { serverChoice } from "./server-choice.js";
import { listenForStop } from "./stop-request.js";
import { eventPrinter, type Terminal } from "./terminal.js";
import { TunnelView } from "./tunnel-view.js";

/** `postern http <target>`: shares a local HTTP service until it is told to stop. Returns the exit code. */
export async function httpCommand(text: string, options: HttpCommandOptions, terminal: Terminal): Promise<number> {
  const target = localTarget(text);
  const server = serverChoice(options.server);
  const { key, warning } = await loadClientKey(
    { file: options.apiKeyFile, typed: options.apiKeyFileTyped },
    terminal.env,
  );

  const messages = await createMessages(terminal, options);
  if (warning !== undefined) warn(messages, warning);
  if (server.exposed) {
    warn(
      messages,
      `The way to ${server.url} is not encrypted: others on it can read the API key. Use https:// if you can.`,
    );
  }
  const view = new TunnelView(messages, (url) => showAddress(messages, url, target.shown));
  const print = options.json ? eventPrinter(terminal.stdout, options.subdomain ?? "default") : undefined;

  const stop = listenForStop();
  const opening = new AbortController();
  const giveUp = (): void => opening.abort();
  stop.signal.addEventListener("abort", giveUp);
  try {
    const wish: ConnectOptions = {
      server: server.url,
      apiKey: key,
      local: target.local,
      reconnection: { enabled: options.reconnect },
      signal: opening.signal,
      onEvent(event: TunnelEvent) {
        print?.({ ...event });
        view.show(event);
      },
      ...(options.subdomain ? { subdomain: options.subdomain } : {}),
      ...(options.hostHeader ? { hostHeader: options.hostHeader } : {}),
    };
    const tunnel = await connect(wish);
    // From here on a wish to stop lets the requests in flight finish.
    stop.signal.removeEventListener("abort", giveUp);
    const closed = new Promise<void>((resolve, reject) => {
      tunnel.on("closed", (error) => (error === undefined ? resolve() : reject(error)));
    });
    await Promise.race([closed, stop.received]);
    if (stop.requested) {
      const msg = "Stopping: requests in progress may finish. Ctrl-C again ends at once.";
      messages.say("info", messages.paint.dim(msg), { msg });
    }
    await tunnel.close();
    view.tellOmitted();
    return EXIT.done;
  } catch (error) {
    if (stop.requested) return EXIT.done;
    throw error;
  } finally {
    stop.dispose();
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

function warn(messages: Messages, msg: string): void {
  messages.say("warn", messages.paint.yellow(printable(msg)), { msg });
}
