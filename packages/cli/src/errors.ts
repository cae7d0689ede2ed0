/** How a command ends; scripts rely on these numbers. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  credentialsRefused: 3,
  unreachable: 4,
  interruptedTwice: 130,
} as const;

/** Every error that the command itself raises, and how it ends then. Errors of the tunnel have a table of their own. */
export const CLI_ERRORS = {
  PN_USAGE: { exit: EXIT.usage, meaning: "A command or option is not understood." },
  PN_TARGET_INVALID: { exit: EXIT.usage, meaning: "The local service is not given as a port, host:port or address." },
  PN_TARGET_FOLDER: { exit: EXIT.usage, meaning: "A folder was given where only a running service can be shared." },
  PN_SERVER_MISSING: { exit: EXIT.usage, meaning: "No server was named." },
  PN_CONFIG_INVALID: {
    exit: EXIT.usage,
    meaning: "A value in the configuration file, in the environment or on the command line is not allowed there.",
  },
  PN_CONFIG_UNBUILT: {
    exit: EXIT.usage,
    meaning: "The configuration asks for something that this version does not have yet.",
  },
  PN_CONFIG_MISSING: { exit: EXIT.usage, meaning: "There is no configuration file, or nothing in it is to be run." },
  PN_CONFIG_EXISTS: { exit: EXIT.usage, meaning: "A starting file would replace a file that is there." },
  PN_LOG_UNWRITABLE: { exit: EXIT.usage, meaning: "Log files cannot be written to their folder." },
  PN_LISTEN_FAILED: {
    exit: EXIT.failed,
    meaning: "The address to listen on is taken, not allowed or not of this machine.",
  },
  PN_SECRET_ARGUMENT: {
    exit: EXIT.usage,
    meaning: "A secret was given on the command line, where others can read it.",
  },
  PN_KEY_MISSING: { exit: EXIT.usage, meaning: "The client has no API key." },
  PN_KEY_AMBIGUOUS: {
    exit: EXIT.usage,
    meaning: "Two API keys, or two sources of keys, were given where one is needed.",
  },
  PN_KEYS_MISSING: { exit: EXIT.usage, meaning: "The server has no API key to accept." },
  PN_KEY_INVALID: {
    exit: EXIT.usage,
    meaning: "A line of API keys is not `name key` or `key`, or its key is too short.",
  },
  PN_FILE_WRITABLE: { exit: EXIT.usage, meaning: "A secret's file can be changed by other users." },
  PN_FILE_UNREADABLE: {
    exit: EXIT.usage,
    meaning: "A file cannot be read, or is far too large to be what it should be.",
  },
  PN_DEMO_FAILED: { exit: EXIT.failed, meaning: "The demo's request did not come back as it should." },
} as const satisfies Record<string, { exit: number; meaning: string }>;

export type CliErrorCode = keyof typeof CLI_ERRORS;

/** An error with what to do about it; `fix` may have several lines. */
export class CliError extends Error {
  override readonly name = "CliError";
  readonly code: CliErrorCode;
  readonly fix: string | undefined;

  constructor(code: CliErrorCode, message: string, fix?: string) {
    super(message);
    this.code = code;
    this.fix = fix;
  }

  get exit(): number {
    return CLI_ERRORS[this.code].exit;
  }
}
