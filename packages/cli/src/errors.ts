/** How a command ends; scripts rely on these numbers. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  credentialsRefused: 3,
  unreachable: 4,
  interruptedTwice: 130,
} as const;

/**
 * Every error that the command itself raises, how it ends then, and what happened with what to do.
 * Errors of the tunnel, and what visitors are answered, have tables where they arise; docs/errors.md is all of them.
 */
export const CLI_ERRORS = {
  PN_USAGE: {
    exit: EXIT.usage,
    meaning: "A command or option is not understood. `postern --help` shows what there is.",
  },
  PN_TARGET_INVALID: {
    exit: EXIT.usage,
    meaning: "The local service is not given as a port, host:port or address. Write 3000, 127.0.0.1:3000 or http://….",
  },
  PN_TARGET_FOLDER: {
    exit: EXIT.usage,
    meaning:
      "A folder was given where only a running service can be shared. Start a web server in it, and share its port.",
  },
  PN_SERVER_MISSING: {
    exit: EXIT.usage,
    meaning: "No server was named. Use --server, POSTERN_SERVER_URL or server_url in the configuration file.",
  },
  PN_CONFIG_INVALID: {
    exit: EXIT.usage,
    meaning:
      "A value in the configuration file, in the environment or on the command line is not allowed there. Correct what is named; `postern config check` looks for more.",
  },
  PN_CONFIG_UNBUILT: {
    exit: EXIT.usage,
    meaning:
      "The configuration asks for something that this version does not have yet. Remove what is named, or switch it off.",
  },
  PN_CONFIG_MISSING: {
    exit: EXIT.usage,
    meaning:
      "There is no configuration file, or nothing in it is to be run. `postern config init` writes one to begin with.",
  },
  PN_CONFIG_EXISTS: {
    exit: EXIT.usage,
    meaning: "A starting file would replace a file that is there. Name another one.",
  },
  PN_LOG_UNWRITABLE: {
    exit: EXIT.usage,
    meaning: "Log files cannot be written to their folder. Choose another logs_directory, or switch file_logging off.",
  },
  PN_LISTEN_FAILED: {
    exit: EXIT.failed,
    meaning: "The address to listen on is taken, not allowed or not of this machine. Choose another one with --listen.",
  },
  PN_SECRET_ARGUMENT: {
    exit: EXIT.usage,
    meaning:
      "A secret was given on the command line, where others can read it. Put it into a file or into the environment, and change it.",
  },
  PN_KEY_MISSING: {
    exit: EXIT.usage,
    meaning:
      "The client has no API key, no token and no certificate. Use --api-key-file, POSTERN_API_KEY, --token-file, POSTERN_TOKEN or [tunnel.auth].",
  },
  PN_KEY_AMBIGUOUS: {
    exit: EXIT.usage,
    meaning: "Two API keys, or two sources of keys, were given where one is needed. Remove one.",
  },
  PN_KEYS_MISSING: {
    exit: EXIT.usage,
    meaning:
      "The server has no API key to accept, and takes no tokens. Make a key file, and name it with --api-keys-file.",
  },
  PN_KEY_INVALID: {
    exit: EXIT.usage,
    meaning: "A line of API keys is not `name key` or `key`, or its key is too short. Correct the line that is named.",
  },
  PN_TOKEN_INVALID: {
    exit: EXIT.usage,
    meaning: "A file or option holds no token, or no key that tokens could be checked with. Correct what is named.",
  },
  PN_FILE_WRITABLE: {
    exit: EXIT.usage,
    meaning: "A file that decides what Postern does can be changed by other users. Run chmod 600 on it.",
  },
  PN_FILE_UNREADABLE: {
    exit: EXIT.usage,
    meaning: "A file cannot be read, or is far too large to be what it should be. Check its name and permissions.",
  },
  PN_DEMO_FAILED: {
    exit: EXIT.failed,
    meaning:
      "The demo's request did not come back as it should. Run it again with --log-level debug, and report what it says.",
  },
} as const satisfies Record<string, { exit: number; meaning: string }>;

export { LOCAL_API_REFUSALS } from "./monitoring/refusals.js";

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
