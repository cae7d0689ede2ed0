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
  PN_SERVER_INVALID: { exit: EXIT.usage, meaning: "The server's address is not an http(s) or ws(s) origin." },
  PN_LISTEN_INVALID: { exit: EXIT.usage, meaning: "The address to listen on is not host:port." },
  PN_PUBLIC_URL_INVALID: {
    exit: EXIT.usage,
    meaning: "The public URL is not an http(s) origin of the base domain.",
  },
  PN_PROXY_INVALID: { exit: EXIT.usage, meaning: "A trusted proxy is not an IP address or a network." },
  PN_SIZE_INVALID: { exit: EXIT.usage, meaning: "A size is not a number of bytes, nor a number with KB, MB or GB." },
  PN_DURATION_INVALID: {
    exit: EXIT.usage,
    meaning: "A time is not a number of seconds, nor a number with ms, s, m or h.",
  },
  PN_DOMAIN_INVALID: { exit: EXIT.usage, meaning: "The base domain is not a host name." },
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
