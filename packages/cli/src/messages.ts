import { LOG_LEVELS, type CommonOptions, type LogLevel } from "./options.js";
import type { Output } from "./output.js";
import { paintFor, type Paint } from "./paint.js";
import type { Terminal } from "./terminal.js";

/** What a command tells people, at the level and in the format they asked for. */
export interface Messages {
  readonly paint: Paint;
  readonly columns: number | undefined;
  /**
   * @param text the lines for people, already safe for a terminal.
   * @param fields the same as a log entry, for the JSON format.
   */
  say(level: Exclude<LogLevel, "silent">, text: string, fields: { msg: string } & Record<string, unknown>): void;
}

/** Where people's text goes: stdout, unless `--json` has it. */
export function peopleOutput(terminal: Terminal, { json }: CommonOptions): Output {
  return json ? terminal.stderr : terminal.stdout;
}

export async function createMessages(terminal: Terminal, options: CommonOptions): Promise<Messages> {
  const output = peopleOutput(terminal, options);
  const paint = paintFor(output, terminal.env);
  if (options.logFormat === "json") {
    // Loaded only here: it costs a tenth of the time that a tunnel may take to start.
    const { createLog } = await import("./log.js");
    const log = createLog({ level: options.logLevel, format: "json", output, paint });
    return { paint, columns: undefined, say: (level, _text, { msg, ...fields }) => log[level](fields, msg) };
  }
  const least = LOG_LEVELS.indexOf(options.logLevel);
  return {
    paint,
    get columns() {
      return output.columns;
    },
    say(level, text) {
      if (LOG_LEVELS.indexOf(level) >= least) output.line(text);
    },
  };
}
