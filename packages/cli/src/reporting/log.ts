import { pino, stdTimeFunctions, type Logger } from "pino";
import type { LogFormat, LogLevel } from "@postern/config";
import { boundedJson, MAX_JSON_LINE } from "../terminal/bounded-json.js";
import type { LogFiles } from "./log-files.js";
import type { Output } from "../terminal/output.js";
import type { Paint } from "../terminal/paint.js";
import { readableLine } from "./readable-log.js";

/** One place where log entries go, in a form of its own. `line` is the entry as JSON. */
export type LogSink = (line: string, entry: () => Record<string, unknown>) => void;

export interface LogOptions {
  level: LogLevel;
  sinks: LogSink[];
  /** In every entry, for programs. */
  base?: Record<string, string>;
  /** Whether entries about requests hold their ids. Default true. */
  requestIds?: boolean;
  /** Whether entries about requests hold durations and sizes. Default true. */
  performance?: boolean;
}

/** A logger that writes to `sinks`. */
export function createLog({ level, sinks, base, requestIds = true, performance = true }: LogOptions): Logger {
  const left = [
    ...(requestIds ? [] : ["request_id"]),
    ...(performance ? [] : ["duration_ms", "bytes_in", "bytes_out"]),
  ];
  const kept = (fields: Record<string, unknown>): Record<string, unknown> =>
    Object.fromEntries(Object.entries(fields).filter(([name]) => !left.includes(name)));
  return pino(
    {
      level,
      base: base ?? null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), ...(left.length === 0 ? {} : { log: kept }) },
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

/** Lines on a console: for people, or JSON lines of at most 8 KB. */
export function consoleSink(output: Output, format: LogFormat, paint: Paint, full: boolean): LogSink {
  if (format === "json") return (line, entry) => output.line(bounded(line, entry));
  return (_, entry) => output.line(readableLine(entry(), paint, full));
}

/** Lines in files, in the same two forms. */
export function fileSink(files: LogFiles, format: LogFormat, plain: Paint, full: boolean): LogSink {
  if (format === "json") return (line, entry) => files.line(bounded(line, entry));
  return (_, entry) => files.line(readableLine(entry(), plain, full));
}

function bounded(line: string, entry: () => Record<string, unknown>): string {
  return Buffer.byteLength(line) <= MAX_JSON_LINE ? line : boundedJson(entry());
}
