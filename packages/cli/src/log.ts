import { pino, stdTimeFunctions, type Logger } from "pino";
import { boundedJson, MAX_JSON_LINE } from "./bounded-json.js";
import type { LogFormat, LogLevel } from "./options.js";
import type { Output } from "./output.js";
import type { Paint } from "./paint.js";
import { readableLine } from "./readable-log.js";

export interface LogOptions {
  level: LogLevel;
  format: LogFormat;
  output: Output;
  paint: Paint;
}

/** A logger that writes to `output`: lines for people, or JSON lines of at most 8 KB. */
export function createLog({ level, format, output, paint }: LogOptions): Logger {
  const full = level === "debug";
  return pino(
    {
      level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    {
      write: (line: string) => output.line(format === "json" ? bounded(line) : readableLine(entry(line), paint, full)),
    },
  );
}

function bounded(line: string): string {
  const text = line.trimEnd();
  return Buffer.byteLength(text) <= MAX_JSON_LINE ? text : boundedJson(entry(text));
}

function entry(line: string): Record<string, unknown> {
  return JSON.parse(line) as Record<string, unknown>;
}
