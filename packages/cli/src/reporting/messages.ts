import { LOG_LEVELS, type LogLevel } from "@postern/config";
import type { Logger } from "pino";
import type { Output } from "../terminal/output.js";
import type { Paint } from "../terminal/paint.js";
import type { Terminal } from "../terminal/terminal.js";

/** What a command tells people, at the level and in the format they asked for. */
export interface Messages {
  readonly paint: Paint;
  readonly columns: number | undefined;
  /**
   * @param text the lines for people, already safe for a terminal.
   * @param fields the same as a log entry, for the JSON format and for files.
   */
  say(level: Exclude<LogLevel, "silent">, text: string, fields: { msg: string } & Record<string, unknown>): void;
}

/** Where people's text goes: stdout, unless `--json` has it. */
export function peopleOutput(terminal: Terminal, json: boolean): Output {
  return json ? terminal.stderr : terminal.stdout;
}

/** Each message is lines on `output`. */
export function textMessages(output: Output, paint: Paint, level: LogLevel): Messages {
  const least = LOG_LEVELS.indexOf(level);
  return {
    paint,
    get columns() {
      return output.columns;
    },
    say(important, text) {
      if (LOG_LEVELS.indexOf(important) >= least) output.line(text);
    },
  };
}

/** Each message is an entry of a log. */
export function logMessages(log: Logger, paint: Paint): Messages {
  return { paint, columns: undefined, say: (level, _text, { msg, ...fields }) => log[level](fields, msg) };
}
