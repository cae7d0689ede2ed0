/** Something that is wrong with the configuration, or that its author should know. */
export interface Problem {
  /** `postern.toml:12:3`, where it is about a place in the file. */
  readonly where: string | undefined;
  /** The line of the file; 0 where it is about none. */
  readonly line: number;
  /** What is wrong and what is allowed. */
  readonly message: string;
  /** The line that it is about with a mark below; values of secrets are left out. */
  readonly frame: readonly string[];
}

/** The configuration cannot be used; `problems` says all that is wrong with it. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly code = "PN_CONFIG_INVALID";
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map(({ where, message }) => (where === undefined ? message : `${where}: ${message}`)).join("\n"));
    this.problems = problems;
  }
}

/** A problem of the file as a whole, of the environment, or of the command line. */
export function problemOf(message: string): Problem {
  return { where: undefined, line: 0, message, frame: [] };
}
