import { EndpointsService } from "../../running/endpoints-service.js";
import { commandLineLabel, loadCommandLineSpec } from "../../running/endpoint-specs.js";
import { reloadMessage } from "../../running/reload.js";
import { announceStop, runServices } from "../../running/run-services.js";
import type { Service } from "../../service.js";
import { EXIT } from "../../errors.js";
import { isFixedReporting, Monitoring } from "../../monitoring/monitoring.js";
import { isDetailed } from "../../reporting/detail.js";
import { LiveView } from "../../reporting/live-view.js";
import { textMessages, type Messages } from "../../reporting/messages.js";
import { printReload } from "../../reporting/reload-lines.js";
import { openReporting } from "../../reporting/reporting.js";
import { TunnelView } from "../../reporting/tunnel-view.js";
import { commandLineEndpoint } from "../../settings/command-line-endpoint.js";
import { readSettings, type Settings } from "../../settings/configuration.js";
import { localTarget } from "../../settings/local-target.js";
import type { CommandLine } from "../../settings/options.js";
import { refuseUnsupported } from "../../settings/unsupported.js";
import { printable } from "../../terminal/printable.js";
import type { QrCode } from "../../terminal/qr-code.js";
import { eventPrinter, machineEvent, type Terminal } from "../../terminal/terminal.js";

/** The sections of the configuration that this command uses. */
const SECTIONS = ["auth", "ssl", "monitoring", "local_api"].map((name) => ["tunnel", name]);

/** `postern http <target>`: shares a local HTTP service until it is stopped. Returns the exit code. */
export async function run(text: string, given: CommandLine & { qr: boolean }, terminal: Terminal): Promise<number> {
  const target = localTarget(text);
  const all = { ...given, env: terminal.env };
  const endpoint = commandLineEndpoint(all);
  const label = commandLineLabel(endpoint);
  const settings = await readSettings(all);
  refuseUnsupported(settings, ...SECTIONS);
  const { specs, files, warnings } = await loadCommandLineSpec(endpoint, target.local, settings);

  let live: LiveView | undefined;
  const reporting = await openReporting(settings, terminal, given.json, "http", (output, paint, level) => {
    const isRead = output === terminal.stdout && output.terminal && terminal.env["TERM"] !== "dumb";
    if (!isRead || !(level === "info" || isDetailed(level))) return textMessages(output, paint, level);
    live = new LiveView(output, paint, level);
    return live;
  });
  const { messages } = reporting;
  for (const each of [...settings.warnings, ...warnings]) reporting.warn(each);
  const print = given.json ? eventPrinter(terminal.stdout, label) : undefined;
  const monitoring = new Monitoring({
    settings,
    command: "http",
    specs,
    report(level, event) {
      if (level === "warn") reporting.warn(event.message);
      print?.(event);
    },
  });
  if (live !== undefined) live.figures = () => monitoring.status.figures(label);
  // Imported only when needed, because the command must start quickly.
  const qrCode = given.qr ? (await import("../../terminal/qr-code.js")).qrCode : undefined;
  const view = new TunnelView(messages, (url) => {
    const code = qrCodeLines(qrCode?.(url, messages.paint), messages);
    showAddress(messages, url, target.shown, monitoring.api, code);
  });
  const display: Service = {
    start: () => Promise.resolve(),
    stop() {
      view.reportOmitted();
      live?.close();
      return Promise.resolve();
    },
  };
  const endpoints = new EndpointsService({
    specs,
    load: (changed: Settings) => loadCommandLineSpec(endpoint, target.local, changed),
    monitoring,
    isFatal: () => true,
    onEvent(event) {
      print?.({ ...event });
      monitoring.onEvent(event);
      view.show(event);
    },
  });
  await runServices({
    services: [reporting, monitoring, display, endpoints],
    onStopping: () => announceStop(messages),
    reload: {
      given: all,
      settings,
      files,
      warnings,
      check: (changed) => refuseUnsupported(changed, ...SECTIONS),
      isFixed: isFixedReporting,
      report(level, message, data) {
        printReload(messages, level, message, data);
        const event = machineEvent("status_update", label, reloadMessage(message, data), data);
        print?.(event);
        monitoring.onEvent(event);
      },
    },
  });
  return EXIT.done;
}

/** @param qrCode lines that are printed before those of requests. */
function showAddress(
  messages: Messages,
  url: string,
  local: string,
  api: Monitoring["api"],
  qrCode: readonly string[],
): void {
  const { paint, columns } = messages;
  // The link contains a token, which must not get into a log.
  const isTerminal = columns !== undefined;
  const apiLine = api && (isTerminal ? ["Status page  ", api.pageUrl] : ["Local API    ", api.url]);
  const text = [
    "",
    `  ${paint.dim("Public URL   ")}  ${paint.bold(paint.cyan(printable(url)))}`,
    `  ${paint.dim("Forwards to  ")}  ${printable(local)}`,
    ...(apiLine === undefined ? [] : [`  ${paint.dim(apiLine[0]!)}  ${apiLine[1]}`]),
    "",
    ...qrCode,
    `  ${paint.dim("Press Ctrl-C to stop. Requests:")}`,
    "",
  ].join("\n");
  messages.print("info", text, { msg: `${url} → ${local}`, public_url: url, local });
}

/** No lines if the URL is too long for a code, or the code is wider than the terminal. */
function qrCodeLines(code: QrCode | undefined, { columns = Infinity }: Messages): string[] {
  if (code === undefined) return [];
  const { text, width } = code;
  return [width > columns ? `  The QR code needs a terminal that is at least ${width} columns wide.` : text, ""];
}
