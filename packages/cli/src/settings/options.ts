/** The options that all commands share. */
export interface CommandLine {
  /** The file that --config names. */
  config: string | undefined;
  /** Print events to stdout, one JSON object per line, and messages to stderr. */
  json: boolean;
  /** Values of the command line, by flag: `--server`. */
  flags: Readonly<Record<string, string>>;
  /** Name of the command: `serve`. */
  command: string;
}
