import picocolors from "picocolors";
import type { Logger } from "pino";
import type { Configuration } from "@postern/config";
import type { Settings } from "../settings/configuration.js";
import type { LogSink } from "./log.js";
import type { LogFiles } from "./log-files.js";
import { logMessages, peopleOutput, textMessages, type Messages } from "./messages.js";
import { paintFor } from "../terminal/paint.js";
import { printable } from "../terminal/printable.js";
import type { Terminal } from "../terminal/terminal.js";

/** Parts of the program whose level can be set apart. */
export type Part = keyof Configuration["logging"]["levels"];

/** Everything a command tells: to people on the console, and to the log on the console and in files. */
export interface Telling {
  readonly messages: Messages;
  /** The log of a part. */
  log(part: Part): Promise<Logger>;
  warn(text: string): void;
  close(): Promise<void>;
}

/**
 * Opens console and files as `[logging]` says.
 * @param command names the files, so that commands in one folder don't share them.
 * @param consoleText makes what people read on the console. Default: lines, one after the other.
 * Throws PN_LOG_UNWRITABLE.
 */
export async function openTelling(
  settings: Settings,
  terminal: Terminal,
  json: boolean,
  command: string,
  consoleText = textMessages,
): Promise<Telling> {
  const { level, format, levels, output_mode: mode, file_logging } = settings.loaded.values.logging;
  const output = peopleOutput(terminal, json);
  const paint = paintFor(output, terminal.env);
  // Without files, "file" would mean that nobody ever hears anything.
  const console = mode !== "file" || !file_logging;
  const files = await openFiles(settings, terminal, command);

  // pino is loaded only for those who need it: it costs a tenth of the time that a tunnel may take to start.
  const log = async (of: "all" | "files"): Promise<Logger> => {
    const { consoleSink, fileSink } = await import("./log.js");
    const full = level === "debug";
    const sinks: LogSink[] = [];
    if (console && of === "all") sinks.push(consoleSink(output, format, paint, full));
    const fileFormat = settings.loaded.values.logging.structured_logging ? "json" : format;
    if (files !== undefined) sinks.push(fileSink(files, fileFormat, picocolors.createColors(false), full));
    return configuredLog(settings.loaded.values, sinks);
  };

  const each: Messages[] = [];
  if (console && format === "text") each.push(consoleText(output, paint, level));
  else each.push(logMessages(await log("all"), paint));
  if (console && format === "text" && files !== undefined) each.push(logMessages(await log("files"), paint));
  const messages: Messages = {
    paint,
    get columns() {
      return output.columns;
    },
    say: (...said) => each.forEach((one) => one.say(...said)),
  };

  return {
    messages,
    log: async (part) => (await log("all")).child({}, { level: levels[part] ?? level }),
    warn: (text) => messages.say("warn", paint.yellow(printable(text)), { msg: text }),
    close: async () => files?.close(),
  };
}

async function openFiles(settings: Settings, terminal: Terminal, command: string): Promise<LogFiles | undefined> {
  const { logging } = settings.loaded.values;
  if (!logging.file_logging || logging.output_mode === "console") return undefined;
  const { LogFiles } = await import("./log-files.js");
  return new LogFiles({
    folder: settings.pathOf(logging.logs_directory, "logging", "logs_directory"),
    name: command,
    maxBytes: logging.file_size_mb * 1e6,
    retentionDays: logging.retention_days,
    onTrouble: (message) => terminal.stderr.line(`postern: ${printable(message)}`),
  });
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
  });
}
