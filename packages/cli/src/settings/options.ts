/** What every command is given from the command line. */
export interface CommandLine {
  /** The configuration file, when one was named. */
  config: string | undefined;
  /** Events on stdout, one JSON object a line; messages then go to stderr. */
  json: boolean;
  /** Options of the configuration that were typed, by the name of their flag. */
  flags: Readonly<Record<string, string>>;
}
