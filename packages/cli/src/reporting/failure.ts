import { ConfigError } from "@postern/config";
import { authorityOf, TLS_ERRORS } from "@postern/net";
import { CLI_ERRORS, CliError, EXIT } from "../errors.js";
import { printable } from "../terminal/printable.js";
import { wrapped } from "../terminal/wrapped.js";
import { problemLine } from "../settings/problem-line.js";

/** An error as text, and the exit code of the process. */
export interface Failure {
  code: string;
  message: string;
  /** The part of the message in parentheses, which people read on a line of its own. */
  detail?: string;
  fix: string | undefined;
  retryable: boolean;
  exit: number;
  /** The mistakes of a configuration, one string each. */
  problems?: string[];
}

/** The server refuses the tunnel permanently: the user must change its name or policies, or how it joins others. */
const REFUSED_BINDS = new Set([
  "PN_NAME_INVALID",
  "PN_NAME_RESERVED",
  "PN_NAME_TAKEN",
  "PN_JOIN_FORBIDDEN",
  "PN_STRATEGY_FORBIDDEN",
  "PN_STRATEGY_CONFLICT",
  "PN_POLICY_SIZE",
  "PN_POLICY_INVALID",
  "PN_POLICY_UNSUPPORTED",
  "PN_POLICY_FORBIDDEN",
  "PN_POLICY_MISMATCH",
]);

/** The user must change the credential. */
const REFUSED_CREDENTIALS = new Set([
  "PN_AUTH_REFUSED",
  "PN_AUTH_EXPIRED",
  "PN_NAME_FORBIDDEN",
  "PN_REFRESH_REFUSED",
  "PN_PROXY_REFUSED",
  "PN_CERTIFICATE_MISSING",
  "PN_CERTIFICATE_UNTRUSTED",
  "PN_CERTIFICATE_REVOKED",
  "PN_CERTIFICATE_EXPIRED",
]);

/** Errors of a listener. Each message continues a sentence that begins with the address. */
const SYSTEM_ERRORS: Record<string, { message: string; fix: string }> = {
  EADDRINUSE: {
    message: "is already in use.",
    fix: "Stop the program that uses it, or choose another address with --listen.",
  },
  EACCES: {
    message: "needs permissions that this process does not have.",
    fix: "Choose a port of 1024 or above with --listen.",
  },
  EADDRNOTAVAIL: { message: "does not belong to this machine.", fix: "Choose another address with --listen." },
  ENOTFOUND: { message: "does not resolve.", fix: "Check the spelling of the host name, and its DNS record." },
};

/** The fields of errors that are read. The class of an error is not known here: importing it would load the client. */
type Thrown = Partial<Record<"code" | "message" | "detail" | "retryable" | "address" | "port", unknown>>;

/** Describes any thrown value. */
export function failureOf(error: unknown): Failure {
  const thrown: Thrown = typeof error === "object" && error !== null ? error : { message: String(error) };
  const code = typeof thrown.code === "string" ? thrown.code : "PN_INTERNAL";
  const message = typeof thrown.message === "string" && thrown.message !== "" ? thrown.message : "Unknown error.";

  if (error instanceof ConfigError) return configFailure(error);
  if (error instanceof CliError) return { code, message, fix: error.fix, retryable: false, exit: error.exit };

  const system = SYSTEM_ERRORS[code];
  if (system) {
    const { address, port } = thrown;
    const isKnown = typeof address === "string" && typeof port === "number";
    const text = isKnown
      ? `${authorityOf(address, port)} ${system.message}`
      : `The address ${system.message} (${message})`;
    const described = { message: text, fix: system.fix, retryable: false };
    return { code: "PN_LISTEN_FAILED", ...described, exit: CLI_ERRORS.PN_LISTEN_FAILED.exit };
  }
  const retryable = thrown.retryable === true;
  const fix =
    code === "PN_INTERNAL"
      ? "This is a bug in Postern. Run the command again with --log-level debug, and report the output."
      : undefined;
  const detail = typeof thrown.detail === "string" ? { detail: thrown.detail } : {};
  return { code, message, ...detail, fix, retryable, exit: exitOf(code, retryable) };
}

/** Lists each mistake with its position and the line of the file. */
function configFailure({ code, problems }: ConfigError): Failure {
  const { exit } = CLI_ERRORS[code];
  const [only] = problems;
  if (problems.length === 1 && only?.where === undefined)
    return {
      code,
      message: `${only?.message}.`.replace(/([.?])\.$/, "$1"),
      fix: undefined,
      retryable: false,
      exit,
      problems: problems.map(problemLine),
    };
  const lines = problems.flatMap((problem) => [problemLine(problem), ...problem.frame]);
  const message =
    problems.length === 1 ? "The configuration has 1 mistake." : `The configuration has ${problems.length} mistakes.`;
  return { code, message, fix: lines.join("\n"), retryable: false, exit, problems: problems.map(problemLine) };
}

/** A retryable error reaches the command only if reconnection is disabled or its attempts are exhausted. */
function exitOf(code: string, retryable: boolean): number {
  if (REFUSED_CREDENTIALS.has(code)) return EXIT.credentialsRefused;
  if (REFUSED_BINDS.has(code) || Object.hasOwn(TLS_ERRORS, code)) return EXIT.usage;
  if (retryable && code !== "PN_INTERNAL") return EXIT.unreachable;
  return EXIT.failed;
}

/** The lines that people read: the message with its code, the detail, then the fix. */
export function failureLines({
  message,
  code,
  detail,
  fix,
}: Pick<Failure, "message" | "code" | "detail" | "fix">): string[] {
  const summary = detail === undefined ? message : message.replace(` (${detail})`, "");
  return [`${summary} (${code})`, ...(detail === undefined ? [] : [detail]), ...(fix?.split("\n") ?? [])];
}

/**
 * The lines on stderr. A fix is not wrapped, because it may be a command or a line of a file.
 * @param columns the width of the terminal.
 */
export function failureText(failure: Failure, columns?: number): string {
  const prose = failure.detail === undefined ? 1 : 2;
  return failureLines(failure)
    .map((line, index) => `${index === 0 ? "postern: " : "  "}${printable(line)}`)
    .map((line, index) => (index < prose ? wrapped(line, columns, "  ") : line))
    .join("\n");
}
