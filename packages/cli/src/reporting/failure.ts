import { ConfigError } from "@postern/config";
import { TLS_ERRORS } from "@postern/net";
import { CLI_ERRORS, CliError, EXIT } from "../errors.js";
import { printable } from "../terminal/printable.js";
import { problemLine } from "../settings/problem-line.js";

/** What people are told of an error, and how the process ends after it. */
export interface Failure {
  code: string;
  message: string;
  fix: string | undefined;
  retryable: boolean;
  exit: number;
  /** What is wrong with a configuration, one by one. */
  problems?: string[];
}

/** Names that the server refuses for good: the user has to choose another one. */
const REFUSED_NAMES = new Set(["PN_NAME_INVALID", "PN_NAME_RESERVED", "PN_NAME_TAKEN"]);

/** The credential is what has to change. */
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

const SYSTEM_ERRORS: Record<string, { message: string; fix: string }> = {
  EADDRINUSE: {
    message: "Another program already listens there.",
    fix: "Stop it, or choose another address with --listen.",
  },
  EACCES: { message: "This user may not listen there.", fix: "Choose a port from 1024 on with --listen." },
  EADDRNOTAVAIL: { message: "This machine does not have that address.", fix: "Choose one of its own with --listen." },
  ENOTFOUND: { message: "That host name is not known.", fix: "Check its spelling and the name service." },
};

/** Puts any thrown value into words. */
export function failureOf(error: unknown): Failure {
  const thrown: { code?: unknown; message?: unknown; retryable?: unknown } =
    typeof error === "object" && error !== null ? error : { message: String(error) };
  const code = typeof thrown.code === "string" ? thrown.code : "PN_INTERNAL";
  const message =
    typeof thrown.message === "string" && thrown.message !== "" ? thrown.message : "Something went wrong.";

  if (error instanceof ConfigError) return configFailure(error);
  if (error instanceof CliError) return { code, message, fix: error.fix, retryable: false, exit: error.exit };

  const system = SYSTEM_ERRORS[code];
  if (system) {
    const said = { message: `${system.message} (${message})`, fix: system.fix, retryable: false };
    return { code: "PN_LISTEN_FAILED", ...said, exit: CLI_ERRORS.PN_LISTEN_FAILED.exit };
  }
  const retryable = thrown.retryable === true;
  const fix =
    code === "PN_INTERNAL"
      ? "This should not happen. Run it again with --log-level debug and report what it says."
      : undefined;
  return { code, message, fix, retryable, exit: exitOf(code, retryable) };
}

/** Each problem with its place, and the line that it is about. */
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
    problems.length === 1 ? "The configuration has a mistake." : `The configuration has ${problems.length} mistakes.`;
  return { code, message, fix: lines.join("\n"), retryable: false, exit, problems: problems.map(problemLine) };
}

/** A retryable error reaches the command only when trying again was switched off or has been given up. */
function exitOf(code: string, retryable: boolean): number {
  if (REFUSED_CREDENTIALS.has(code)) return EXIT.credentialsRefused;
  if (REFUSED_NAMES.has(code) || Object.hasOwn(TLS_ERRORS, code)) return EXIT.usage;
  if (retryable && code !== "PN_INTERNAL") return EXIT.unreachable;
  return EXIT.failed;
}

/** The lines for people: what happened with its code, then what to do. */
export function failureText(failure: Failure): string {
  const lines = [`postern: ${printable(failure.message)} (${printable(failure.code)})`];
  for (const line of failure.fix?.split("\n") ?? []) lines.push(`  ${printable(line)}`);
  return lines.join("\n");
}
