import { pino, stdTimeFunctions, type Logger } from "pino";
import type { LogFormat, LogLevel } from "@postern/config";
import { boundedJson, MAX_JSON_LINE } from "../terminal/bounded-json.js";
import type { LogFiles } from "./log-files.js";
import type { Output } from "../terminal/output.js";
import type { Paint } from "../terminal/paint.js";
import { readableLine } from "./readable-log.js";

/** A destination of log entries. `line` is the entry as JSON; `entry` parses it. */
export type LogSink = (line: string, entry: () => Record<string, unknown>) => void;

export interface LogOptions {
  level: LogLevel;
  sinks: LogSink[];
  /** Fields of every entry. */
  base?: Record<string, string>;
  /** Whether entries about requests have `request_id`. Default true. */
  requestIds?: boolean;
  /** Whether entries about requests have durations and sizes. Default true. */
  performance?: boolean;
  /** Whether a server's entries about requests have the visitor's address, the host, the User-Agent. Default true. */
  visitors?: boolean;
  hosts?: boolean;
  userAgents?: boolean;
}

/** A logger that writes to `sinks`. */
export function createLog({ level, sinks, base, ...shown }: LogOptions): Logger {
  const omitted = [
    ...(shown.requestIds === false ? ["request_id"] : []),
    ...(shown.performance === false ? ["duration_ms", "bytes_in", "bytes_out"] : []),
    ...(shown.visitors === false ? ["visitor"] : []),
    ...(shown.hosts === false ? ["host"] : []),
    ...(shown.userAgents === false ? ["user_agent"] : []),
  ];
  const kept = (fields: Record<string, unknown>): Record<string, unknown> =>
    Object.fromEntries(Object.entries(fields).filter(([name]) => !omitted.includes(name)));
  return pino(
    {
      level,
      base: base ?? null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), ...(omitted.length === 0 ? {} : { log: kept }) },
    },
    {
      write(text: string) {
        const line = text.trimEnd();
        let parsed: Record<string, unknown> | undefined;
        const entry = (): Record<string, unknown> => (parsed ??= JSON.parse(line) as Record<string, unknown>);
        for (const sink of sinks) sink(line, entry);
      },
    },
  );
}

/** Writes to the console: readable lines, or JSON lines of at most 8 KB. */
export function consoleSink(output: Output, format: LogFormat, paint: Paint, full: boolean): LogSink {
  if (format === "json") return (line, entry) => output.line(bounded(line, entry));
  return (_, entry) => output.line(readableLine(entry(), paint, full));
}

/** Writes to files, in the same two formats. */
export function fileSink(files: LogFiles, format: LogFormat, plain: Paint, full: boolean): LogSink {
  if (format === "json") return (line, entry) => files.line(bounded(line, entry));
  return (_, entry) => files.line(readableLine(entry(), plain, full));
}

function bounded(line: string, entry: () => Record<string, unknown>): string {
  return Buffer.byteLength(line) <= MAX_JSON_LINE ? line : boundedJson(entry());
}
