import picocolors from "picocolors";
import type { Logger } from "pino";
import { LOG_LEVELS, type Configuration, type LogLevel } from "@postern/config";
import type { Service } from "../service.js";
import type { Settings } from "../settings/configuration.js";
import { isDetailed } from "./detail.js";
import type { LogSink } from "./log.js";
import type { LogFiles, LogFilesOptions } from "./log-files.js";
import { logMessages, humanOutput, textMessages, type Messages } from "./messages.js";
import { paintFor } from "../terminal/paint.js";
import { printable } from "../terminal/printable.js";
import type { Terminal } from "../terminal/terminal.js";
import { wrapped } from "../terminal/wrapped.js";

/** Parts of the program with a log level of their own. */
export type Part = keyof Configuration["logging"]["levels"];

/**
 * The output of a command: messages and logs, on the console and in files. It starts before all other services and
 * stops after them.
 */
export interface Reporting extends Service {
  readonly messages: Messages;
  /** The messages of one part of the program, at its level. */
  messagesOf(part: Part): Promise<Messages>;
  /** The log of one part of the program. */
  log(part: Part): Promise<Logger>;
  warn(text: string): void;
}

/**
 * Opens console and files with the options of `[logging]`. Throws PN_LOG_UNWRITABLE.
 * @param command the name of the log file, so that commands with the same folder do not share a file.
 * @param consoleText creates the readable output on the console. Default: plain lines.
 */
export async function openReporting(
  settings: Settings,
  terminal: Terminal,
  json: boolean,
  command: string,
  consoleText = textMessages,
): Promise<Reporting> {
  const { level, format, levels, output_mode: mode, file_logging, access } = settings.loaded.values.logging;
  const output = humanOutput(terminal, json);
  const paint = paintFor(output, terminal.env);
  // Without files, "file" would mean no output at all.
  const console = mode !== "file" || !file_logging;
  const files = await openFiles(settings, terminal, command);

  // pino is imported only when needed, because the import takes a tenth of the time budget for opening a tunnel.
  const log = async (of: "all" | "files"): Promise<Logger> => {
    const { consoleSink, fileSink } = await import("./log.js");
    const full = isDetailed(level);
    const sinks: LogSink[] = [];
    if (console && of === "all") sinks.push(consoleSink(output, format, paint, full));
    const fileFormat = settings.loaded.values.logging.structured_logging ? "json" : format;
    if (files !== undefined) sinks.push(fileSink(files, fileFormat, picocolors.createColors(false), full));
    return configuredLog(settings.loaded.values, sinks);
  };

  // Lines of the access log stand in place of others about requests.
  const isReplaced = access.enabled && access.output === "console";
  const lowest = (part: Part): LogLevel => (part === "requests" && isReplaced ? "warn" : "trace");
  const levelOf = (part: Part): LogLevel => higherLevel(levels[part] ?? level, lowest(part));
  const messagesAt = async (minimum: LogLevel): Promise<Messages> => {
    const child = async (of: "all" | "files"): Promise<Logger> => (await log(of)).child({}, { level: minimum });
    const each: Messages[] = [];
    if (console && format === "text") each.push(consoleText(output, paint, minimum));
    else each.push(logMessages(await child("all"), paint));
    if (console && format === "text" && files !== undefined) each.push(logMessages(await child("files"), paint));
    return {
      paint,
      get columns() {
        return output.columns;
      },
      print: (...message) => each.forEach((one) => one.print(...message)),
    };
  };
  const messages = await messagesAt(level);

  const warn = (text: string): void =>
    messages.print("warn", paint.yellow(wrapped(printable(text), output.columns, "  ")), { msg: text });
  if (files?.warning !== undefined) warn(files.warning);
  return {
    messages,
    messagesOf: (part) => messagesAt(levelOf(part)),
    log: async (part) => (await log("all")).child({}, { level: levelOf(part) }),
    warn,
    // Already open, so that other services can report their start.
    start: () => Promise.resolve(),
    stop: async () => files?.close(),
  };
}

function higherLevel(one: LogLevel, other: LogLevel): LogLevel {
  return LOG_LEVELS.indexOf(one) > LOG_LEVELS.indexOf(other) ? one : other;
}

async function openFiles(settings: Settings, terminal: Terminal, command: string): Promise<LogFiles | undefined> {
  const onFailure = (message: string): void => terminal.stderr.line(`postern: ${printable(message)}`);
  const options = logFilesOptions(settings, command, onFailure);
  if (options === undefined) return undefined;
  const { LogFiles } = await import("./log-files.js");
  return new LogFiles(options);
}

/** The log files of `[logging]`; undefined if there are none. */
export function logFilesOptions(
  settings: Settings,
  command: string,
  onFailure: (message: string) => void = () => {},
): LogFilesOptions | undefined {
  const { logging } = settings.loaded.values;
  if (!logging.file_logging || logging.output_mode === "console") return undefined;
  return {
    folder: settings.pathOf(logging.logs_directory, "logging", "logs_directory"),
    name: command,
    mode: logging.file_mode,
    maxBytes: logging.file_size_mb * 1e6,
    retentionDays: logging.retention_days,
    onFailure,
  };
}

async function configuredLog({ logging, application }: Configuration, sinks: LogSink[]): Promise<Logger> {
  const { createLog } = await import("./log.js");
  const base = Object.entries({ app: application.name, environment: application.environment }).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return createLog({
    level: logging.level,
    sinks,
    ...(base.length === 0 ? {} : { base: Object.fromEntries(base) }),
    requestIds: logging.enable_request_ids,
    performance: logging.enable_performance_metrics,
    visitors: logging.enable_visitor_addresses,
    hosts: logging.enable_request_hosts,
    userAgents: logging.enable_user_agents,
  });
}
