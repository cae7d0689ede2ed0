import { LOG_LEVELS, type LogLevel } from "@postern/config";
import type { Logger } from "pino";
import type { Output } from "../terminal/output.js";
import type { Paint } from "../terminal/paint.js";
import type { Terminal } from "../terminal/terminal.js";

/** Prints messages at the configured level and in the configured format. */
export interface Messages {
  readonly paint: Paint;
  readonly columns: number | undefined;
  /**
   * @param text readable lines, already safe for a terminal.
   * @param fields the same as a log entry, for JSON and for files.
   */
  print(level: Exclude<LogLevel, "silent">, text: string, fields: { msg: string } & Record<string, unknown>): void;
}

/** The output for readable text: stdout, or stderr when `--json` uses stdout. */
export function humanOutput(terminal: Terminal, json: boolean): Output {
  return json ? terminal.stderr : terminal.stdout;
}

/** Prints each message as text on `output`. */
export function textMessages(output: Output, paint: Paint, level: LogLevel): Messages {
  const minimum = LOG_LEVELS.indexOf(level);
  return {
    paint,
    get columns() {
      return output.columns;
    },
    print(messageLevel, text) {
      if (LOG_LEVELS.indexOf(messageLevel) >= minimum) output.line(text);
    },
  };
}

/** Writes each message as a log entry. */
export function logMessages(log: Logger, paint: Paint): Messages {
  return { paint, columns: undefined, print: (level, _text, { msg, ...fields }) => log[level](fields, msg) };
}
