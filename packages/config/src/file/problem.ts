/** An error or a warning about the configuration. */
export interface Problem {
  /** Position in the file, for instance `postern.toml:12:3`. Undefined for problems outside the file. */
  readonly where: string | undefined;
  /** Line of the file; 0 for problems outside the file. */
  readonly line: number;
  /** What is wrong, and what is allowed instead. */
  readonly message: string;
  /** The line of the file and a marker below it. Values of secrets are omitted. */
  readonly frame: readonly string[];
}

/** The configuration is invalid; `problems` lists every error. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly code = "PN_CONFIG_INVALID";
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map(({ where, message }) => (where === undefined ? message : `${where}: ${message}`)).join("\n"));
    this.problems = problems;
  }
}

/** A problem of the whole file, the environment or the command line. */
export function problemOf(message: string): Problem {
  return { where: undefined, line: 0, message, frame: [] };
}
