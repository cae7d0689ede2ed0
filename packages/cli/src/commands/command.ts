import type { Option } from "@postern/config";
import type { CommandLine } from "../settings/options.js";
import type { Terminal } from "../terminal/terminal.js";

/** A command: what can be typed, the help that teaches it, and the code that runs it. */
export interface CommandDeclaration {
  name: string;
  /** One line without a full stop. */
  summary: string;
  argument?: Argument;
  /** Options of the configuration that this command also accepts as flags. Their documentation is their help. */
  configured?: readonly Option<unknown>[];
  /** Options of this command alone. */
  options?: readonly CommandOption[];
  /** Whether it reads the configuration file. */
  readsConfiguration?: boolean;
  /** Paragraphs and examples after the list of options. */
  help?: string;
  /** Imports the implementation and runs it. Returns the exit code. Absent for a group of subcommands. */
  run?: (line: CommandInput, terminal: Terminal) => Promise<number>;
  subcommands?: readonly CommandDeclaration[];
}

/** A positional argument. */
export interface Argument {
  /** `<target>`, or `[target]` when it may be missing. */
  usage: string;
  description: string;
  default?: string;
}

export interface CommandOption {
  /** `--once`, or `--domain <name>` when it takes a value. */
  flags: string;
  description: string;
  /** The environment variable with the same meaning. */
  env?: string;
  /** The value when it is not given. */
  default?: string;
}

/** A parsed command line. */
export interface CommandInput extends CommandLine {
  /** The positional argument, or its default. */
  argument: string | undefined;
  /** Whether a flag without a value was given, for instance `--once`. */
  isSet: (flag: string) => boolean;
  /** The value of an option of this command alone, for instance of `--domain`; empty when it has none. */
  valueOf: (flag: string) => string;
}

/** `--json`, as every command has it. @param description what is printed. */
export function jsonOption(description: string): CommandOption {
  return { flags: "--json", description, env: "POSTERN_JSON" };
}

export const EVENTS_AS_JSON = jsonOption("print events to stdout, one JSON object per line; messages go to stderr");
