import type { Option } from "@postern/config";
import type { CommandLine } from "../settings/options.js";
import type { Terminal } from "../terminal/terminal.js";

/** A command: its arguments and options, its help text, and the code that runs it. */
export interface CommandDeclaration {
  name: string;
  /** A sentence without a full stop, in lower case: the entry in the list of commands. */
  summary: string;
  /** Further sentences at the top of the command's help. */
  details?: string;
  argument?: Argument;
  /**
   * Configuration options that are accepted as flags, with the documentation of the configuration, and options that
   * exist only on the command line.
   */
  options?: readonly (Option<unknown> | CommandOption)[];
  /** Paragraphs and examples after the list of options, in lines of at most 80 characters. */
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
  /** Whether help leaves it out. */
  isHidden?: boolean;
}

/** An option that is not part of the configuration. */
export interface CommandOption {
  form: "flag";
  /** `--once`, or `--domain <name>` when it takes a value. */
  flags: string;
  description: string;
  /** The environment variable with the same meaning. */
  env?: string;
  /** The value if the option is not given. */
  default?: string;
  /** Whether help leaves it out. */
  isHidden?: boolean;
  /** Whether it may be given several times, each with a value (see `valuesOf`). */
  isRepeatable?: boolean;
}

/** A parsed command line. */
export interface CommandInput extends CommandLine {
  /** The positional argument, or its default. */
  argument: string | undefined;
  /** Whether a flag without a value was given, for instance `--once`. */
  isSet: (flag: string) => boolean;
  /** The value of a `CommandOption`, or its default; empty when it has none. */
  valueOf: (flag: string) => string;
  /** The values of a repeatable `CommandOption`, in their order. */
  valuesOf: (flag: string) => readonly string[];
}

/** The option that names the configuration file. */
export const CONFIG_FILE: CommandOption = {
  form: "flag",
  flags: "--config <file>",
  description: "configuration file; by default ./postern.toml, ./app_config.toml, then ~/.config/postern/postern.toml",
  env: "POSTERN_CONFIG",
};

/** @param description describes the JSON output. */
export function jsonOption(description: string): CommandOption {
  return { form: "flag", flags: "--json", description, env: "POSTERN_JSON" };
}

export const EVENTS_AS_JSON = jsonOption("print events to stdout, one JSON object per line; messages go to stderr");
