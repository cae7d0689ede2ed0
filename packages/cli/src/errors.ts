/** The exit codes. Scripts rely on them. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  credentialsRefused: 3,
  unreachable: 4,
  interruptedTwice: 130,
} as const;

/**
 * The errors of the command itself: for each, the exit code, the meaning and what to do. Errors of tunnels and
 * responses to visitors have tables of their own; docs/errors.md lists all.
 */
export const CLI_ERRORS = {
  PN_USAGE: {
    exit: EXIT.usage,
    meaning: "A command or option is unknown, or an argument is not valid. `postern --help` lists the commands.",
  },
  PN_TARGET_INVALID: {
    exit: EXIT.usage,
    meaning:
      "The target is not a port, host:port, URL or folder. Examples: 3000, 127.0.0.1:3000, http://localhost:3000, ./public.",
  },
  PN_FOLDER_UNREADABLE: {
    exit: EXIT.usage,
    meaning:
      "A folder of files to serve does not exist, is not a folder, or cannot be read. Create it, correct its permissions, or name another folder.",
  },
  PN_SERVER_MISSING: {
    exit: EXIT.usage,
    meaning: "No server is given. Use --server, POSTERN_SERVER_URL, or server_url in the configuration file.",
  },
  PN_ADDRESS_LIST: {
    exit: EXIT.usage,
    meaning:
      "A line in a file of allow_ips or deny_ips is not an IP address or a network. Correct the line that the message names.",
  },
  PN_HTPASSWD: {
    exit: EXIT.usage,
    meaning:
      "A line of the basic_auth file is not a unique user name with a bcrypt, apr1 or SHA-1 hash. Set the password again (htpasswd -B FILE NAME), or remove the line.",
  },
  PN_PASSWORD_FILE: {
    exit: EXIT.usage,
    meaning:
      "A password_file does not contain one line with a password of at most 72 bytes, or with a bcrypt, apr1 or SHA-1 hash. Write the password into the file again.",
  },
  PN_WEBHOOK_SECRET: {
    exit: EXIT.usage,
    meaning:
      "The secrets of a webhook cannot be used: its secret_file contains none or too many, or a secret does not have the form of its kind. Write one secret per line, as the sender shows it.",
  },
  PN_CONFIG_INVALID: {
    exit: EXIT.usage,
    meaning:
      "The configuration file, the environment or the command line has an invalid value. Correct the values that the message lists; `postern config check` lists all.",
  },
  PN_CONFIG_UNBUILT: {
    exit: EXIT.usage,
    meaning:
      "The configuration uses an option that this version does not support yet. Remove or disable the options that the message lists.",
  },
  PN_CONFIG_MISSING: {
    exit: EXIT.usage,
    meaning:
      "There is no configuration file, or it does not enable anything to run. `postern config init` writes one to start from.",
  },
  PN_CONFIG_EXISTS: {
    exit: EXIT.usage,
    meaning: "`postern config init` does not overwrite an existing file. Choose another file name.",
  },
  PN_LOG_UNWRITABLE: {
    exit: EXIT.usage,
    meaning:
      "Log files cannot be written to their folder, or the log file is a link or not a regular file. Remove that file, choose another logs_directory, or set file_logging = false.",
  },
  PN_LISTEN_FAILED: {
    exit: EXIT.failed,
    meaning:
      "The listen address is in use, needs privileges, or does not belong to this machine. Choose another one with --listen.",
  },
  PN_SECRET_ARGUMENT: {
    exit: EXIT.usage,
    meaning:
      "A secret was given on the command line, where other users can read it. Replace the secret, and pass the new one in a file or in the environment.",
  },
  PN_KEY_MISSING: {
    exit: EXIT.usage,
    meaning:
      "The client has no API key, token or certificate. Use --api-key-file, POSTERN_API_KEY, --token-file, POSTERN_TOKEN or [tunnel.auth].",
  },
  PN_KEY_AMBIGUOUS: {
    exit: EXIT.usage,
    meaning: "Two API keys, or two sources of keys, are given where only one is allowed. Remove one.",
  },
  PN_KEYS_MISSING: {
    exit: EXIT.usage,
    meaning:
      "The server has no API key, and neither tokens nor certificates are enabled: no client could log in. Create a key file, and pass it with --api-keys-file.",
  },
  PN_KEY_INVALID: {
    exit: EXIT.usage,
    meaning:
      "A line of API keys is not `name key` or `key`, or its key has a wrong length. Correct the line that the message names.",
  },
  PN_TOKEN_INVALID: {
    exit: EXIT.usage,
    meaning:
      "A file or option contains no valid token, or no valid key to verify tokens. Correct the one that the message names.",
  },
  PN_FILE_WRITABLE: {
    exit: EXIT.usage,
    meaning: "Other users can change a configuration, key or certificate file. Run chmod go-w on the file.",
  },
  PN_FILE_UNREADABLE: {
    exit: EXIT.usage,
    meaning: "A file cannot be read or written, or is too large. Check its name and permissions.",
  },
  PN_FILE_ENCODING: {
    exit: EXIT.usage,
    meaning: "A file is UTF-16, as PowerShell 5 writes it with `>`. Save it as UTF-8.",
  },
  PN_DEMO_FAILED: {
    exit: EXIT.failed,
    meaning: "The demo's request failed. Run the demo again with --log-level debug, and report the output.",
  },
} as const satisfies Record<string, { exit: number; meaning: string }>;

export { LOCAL_API_REFUSALS } from "./monitoring/local-api-refusals.js";

export type CliErrorCode = keyof typeof CLI_ERRORS;

/** An error with advice; `fix` may have several lines. */
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
