import type { EndpointConfiguration } from "@postern/config";
import { EndpointsService } from "../../running/endpoints-service.js";
import { commandLineLabel, loadCommandLineSpec, type EndpointSpecs } from "../../running/endpoint-specs.js";
import { reloadMessage } from "../../running/reload.js";
import { announceStop, runServices } from "../../running/run-services.js";
import { readableFolder } from "../../running/served-folders.js";
import { SharedFolders } from "../../running/shared-folders.js";
import type { Service } from "../../service.js";
import { CliError, EXIT } from "../../errors.js";
import { isFixedReporting, Monitoring } from "../../monitoring/monitoring.js";
import { isDetailed } from "../../reporting/detail.js";
import { LiveView } from "../../reporting/live-view.js";
import { textMessages, type Messages } from "../../reporting/messages.js";
import { printReload } from "../../reporting/reload-lines.js";
import { openReporting } from "../../reporting/reporting.js";
import { TunnelView } from "../../reporting/tunnel-view.js";
import { commandLineEndpoint } from "../../settings/command-line-endpoint.js";
import { readSettings, type Settings } from "../../settings/configuration.js";
import { localTarget, type LocalTarget } from "../../settings/local-target.js";
import { refuseUnsupported } from "../../settings/unsupported.js";
import { printable } from "../../terminal/printable.js";
import type { QrCode } from "../../terminal/qr-code.js";
import { eventPrinter, machineEvent, type Terminal } from "../../terminal/terminal.js";
import type { CommandInput } from "../command.js";

/** The sections of the configuration that this command uses. */
const SECTIONS = ["auth", "ssl", "monitoring", "local_api"].map((name) => ["tunnel", name]);

/** `postern http <target>`: shares a local HTTP service or a folder until it is stopped. Returns the exit code. */
export async function run(text: string, given: CommandInput, terminal: Terminal): Promise<number> {
  const target = localTarget(text);
  if (target.folder !== undefined) await readableFolder(target.folder, "default");
  else if (given.flags["--browse"] !== undefined || given.flags["--spa"] !== undefined)
    throw new CliError("PN_USAGE", "--browse and --spa need a folder.", "For example: postern http ./public");
  const all = { ...given, env: terminal.env };
  const endpoint = commandLineEndpoint(all);
  const label = commandLineLabel(endpoint);
  const settings = await readSettings(all);
  const password = given.isSet("--password") ? await passwordOf(endpoint) : undefined;
  refuseUnsupported(settings, ...SECTIONS);
  const folders = new SharedFolders({
    env: terminal.env,
    reports: {
      onTargetFailure: ({ reason }) => reporting.warn(reason),
      onFault: (error) => reporting.warn(`A visitor's connection was closed: internal error: ${String(error)}`),
    },
  });
  const load = (each: Settings): Promise<EndpointSpecs> =>
    loadCommandLineSpec(endpoint, target, each, folders.share, password);
  const { specs, files: credentialFiles, warnings } = await load(settings);

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
  const qrCode = given.isSet("--qr") ? (await import("../../terminal/qr-code.js")).qrCode : undefined;
  const view = new TunnelView(messages, (url) => {
    const code = qrCodeLines(qrCode?.(url, messages.paint), messages);
    showAddress(messages, url, target, monitoring.api, code);
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
    load,
    monitoring,
    isFatal: () => true,
    onEvent(event) {
      print?.({ ...event });
      monitoring.onEvent(event);
      view.show(event);
    },
  });
  await runServices({
    services: [reporting, monitoring, display, folders, endpoints],
    onStopping: () => announceStop(messages),
    reload: {
      given: all,
      settings,
      files: credentialFiles,
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

/** The password for visitors, which a person enters. */
async function passwordOf({ access }: EndpointConfiguration): Promise<string> {
  if (access.password_file !== undefined)
    throw new CliError("PN_USAGE", "--password and --password-file exclude each other. Use one of them.");
  const { askedPassword } = await import("../../access/asked-password.js");
  return askedPassword(process.stdin, (text) => void process.stderr.write(text));
}

/** @param qrCode lines that are printed before those of requests. */
function showAddress(
  messages: Messages,
  url: string,
  { shown, folder }: LocalTarget,
  api: Monitoring["api"],
  qrCode: readonly string[],
): void {
  const { paint, columns } = messages;
  const local = folder ?? shown;
  // The link contains a token, which must not get into a log.
  const isTerminal = columns !== undefined;
  const apiLine = api && (isTerminal ? ["Status page  ", api.pageUrl] : ["Local API    ", api.url]);
  const text = [
    "",
    `  ${paint.dim("Public URL   ")}  ${paint.bold(paint.cyan(printable(url)))}`,
    `  ${paint.dim(folder === undefined ? "Forwards to  " : "Files of     ")}  ${printable(local)}`,
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
