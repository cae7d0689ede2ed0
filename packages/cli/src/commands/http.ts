import type { TunnelEvent } from "@postern/client";
import { readSettings } from "../settings/configuration.js";
import { typedLabel, typedWish } from "../running/endpoint-specs.js";
import { changesText, Endpoints } from "../running/endpoints.js";
import { EXIT } from "../errors.js";
import { localTarget } from "../settings/local-target.js";
import { LiveView } from "../reporting/live-view.js";
import { textMessages, type Messages } from "../reporting/messages.js";
import { Monitoring, MONITORED } from "../monitoring/monitoring.js";
import type { CommandLine } from "../settings/options.js";
import { printable } from "../terminal/printable.js";
import type { QrCode } from "../terminal/qr-code.js";
import { reloadOnChange } from "../running/reload.js";
import { listenForStop } from "../running/stop-request.js";
import { openTelling } from "../reporting/reporting.js";
import { eventPrinter, machineEvent, type Terminal } from "../terminal/terminal.js";
import { TunnelView } from "../reporting/tunnel-view.js";
import { typedEndpoint } from "../settings/command-line-endpoint.js";
import { refuseUnbuilt } from "../settings/unsupported.js";

/** The sections of the configuration that act here. */
const CONCERNED = ["auth", "ssl", "monitoring", "local_api"].map((name) => ["tunnel", name]);

/** `postern http <target>`: shares a local HTTP service until it is told to stop. Returns the exit code. */
export async function httpCommand(
  text: string,
  given: CommandLine & { qr: boolean },
  terminal: Terminal,
): Promise<number> {
  const target = localTarget(text);
  const all = { ...given, env: terminal.env };
  const endpoint = typedEndpoint(all);
  const settings = await readSettings(all);
  refuseUnbuilt(settings, ...CONCERNED);
  const { wishes, files, warnings } = await typedWish(endpoint, target.local, settings);

  let live: LiveView | undefined;
  const telling = await openTelling(settings, terminal, given.json, "http", (output, paint, level) => {
    const isRead = output === terminal.stdout && output.terminal && terminal.env["TERM"] !== "dumb";
    if (!isRead || !["debug", "info"].includes(level)) return textMessages(output, paint, level);
    live = new LiveView(output, paint, level);
    return live;
  });
  const { messages } = telling;
  for (const each of [...settings.warnings, ...warnings]) telling.warn(each);
  const print = given.json ? eventPrinter(terminal.stdout, typedLabel(endpoint)) : undefined;
  const monitoring = new Monitoring({
    settings,
    command: "http",
    report(level, event) {
      if (level === "warn") telling.warn(event.message);
      print?.(event);
    },
  });
  if (live !== undefined) live.figures = () => monitoring.status.figures(typedLabel(endpoint));
  // Loaded only for those who want one.
  const qrCode = given.qr ? (await import("../terminal/qr-code.js")).qrCode : undefined;
  const view = new TunnelView(messages, (url) => {
    showAddress(messages, url, target.shown, monitoring.apiUrl);
    if (qrCode !== undefined) showQrCode(messages, qrCode(url, messages.paint), url);
  });

  const stop = listenForStop();
  const over = Promise.withResolvers<Error>();
  const endpoints = new Endpoints({
    onEvent(event: TunnelEvent) {
      print?.({ ...event });
      monitoring.onEvent(event);
      view.show(event);
    },
    onFailed: (_, error) => over.resolve(error),
    onState: (label, state) => monitoring.onState(label, state),
  });
  const stopReloading = reloadOnChange({
    given: all,
    settings,
    files,
    warnings,
    async takeOver(changed) {
      refuseUnbuilt(changed, ...CONCERNED);
      const wished = await typedWish(endpoint, target.local, changed);
      monitoring.apply(wished.wishes);
      const changes = endpoints.apply(wished.wishes);
      return { summary: changesText(changes), data: { ...changes }, files: wished.files, warnings: wished.warnings };
    },
    isFixed: ([section, part]) =>
      section === "logging" || section === "application" || (section === "tunnel" && MONITORED.has(String(part))),
    report(level, msg, data) {
      const { paint } = messages;
      messages.say(level, level === "info" ? paint.dim(printable(msg)) : paint.yellow(printable(msg)), {
        msg,
        ...data,
      });
      const event = machineEvent("status_update", typedLabel(endpoint), msg, data);
      print?.(event);
      monitoring.onEvent(event);
    },
  });
  try {
    monitoring.apply(wishes);
    await monitoring.open();
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
    live?.close();
    await monitoring.close();
    stop.dispose();
    await telling.close();
  }
}

function showAddress(messages: Messages, url: string, local: string, api: string | undefined): void {
  const { paint } = messages;
  const text = [
    "",
    `  ${paint.dim("Public")}  ${paint.bold(paint.cyan(printable(url)))}`,
    `  ${paint.dim("Local ")}  ${printable(local)}`,
    ...(api === undefined ? [] : [`  ${paint.dim("Status")}  ${api}`]),
    "",
    `  ${paint.dim("Ctrl-C ends it. Requests:")}`,
    "",
  ].join("\n");
  messages.say("info", text, { msg: `${url} → ${local}`, public_url: url, local });
}

function showQrCode(messages: Messages, { text, width }: QrCode, url: string): void {
  const { columns = Infinity } = messages;
  const shown = width <= columns ? `${text}\n` : `The terminal is too narrow for a QR code: it takes ${width} columns.`;
  messages.say("info", shown, { msg: "QR code", url });
}
