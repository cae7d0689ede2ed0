import { CommanderError } from "commander";
import { CliError, EXIT } from "./errors.js";
import { failureOf, failureText } from "./reporting/failure.js";
import { createProgram } from "./program.js";
import { eventPrinter, machineEvent, processTerminal, type Terminal } from "./terminal/terminal.js";

/** Milliseconds to write the remaining output before the process exits. */
const FLUSH_TIMEOUT = 1_000;

/** Runs the command line `args` and ends the process with its exit code. */
export async function main(args: readonly string[]): Promise<void> {
  const terminal = processTerminal();
  const fail = (error: unknown): void => {
    void end(terminal, reportFailure(error, args, terminal));
  };
  process.on("uncaughtException", fail);
  process.on("unhandledRejection", fail);
  await end(terminal, await run(args, terminal));
}

/** Runs the command line `args`, and prints failures. Returns the exit code. */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    refuseSecrets(args);
    let exitCode: number = EXIT.done;
    await createProgram(terminal, (code) => (exitCode = code)).parseAsync(args, { from: "user" });
    return exitCode;
  } catch (error) {
    // Commander has printed the message. Help after a missing command is a usage error.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    return reportFailure(error, args, terminal);
  }
}

function reportFailure(error: unknown, args: readonly string[], terminal: Terminal): number {
  const failure = failureOf(error);
  terminal.stderr.line(failureText(failure, terminal.stderr.columns));
  const isDetailed = /--log-level[= ](debug|trace)( |$)/.test(args.join(" "));
  if (failure.code === "PN_INTERNAL" && isDetailed && error instanceof Error) {
    terminal.stderr.line(String(error.stack));
  }
  if (args.includes("--json") || /^(1|yes|on|true)$/i.test(terminal.env["POSTERN_JSON"] ?? "")) {
    const { code, message, retryable, problems } = failure;
    const data = { code, retryable, ...(problems === undefined ? {} : { problems }) };
    eventPrinter(terminal.stdout, "postern")(machineEvent("error", "postern", message, data));
  }
  return failure.exit;
}

/** Runs before any other code reads the arguments, so that no message repeats a secret. */
function refuseSecrets(args: readonly string[]): void {
  const end = args.indexOf("--");
  const given = args
    .slice(0, end === -1 ? undefined : end)
    .find((arg, n) => /^--(api-keys?|token|password)(=|$)/.test(arg) && !asksForSecret(arg, args[n + 1]));
  if (given === undefined) return;
  const option = given.split("=", 1)[0] ?? "";
  throw new CliError(
    "PN_SECRET_ARGUMENT",
    `${option} is not accepted: other users of this machine can read the arguments of a process.`,
    [
      "In a file:           postern http 3000 --api-key-file my.key, or --token-file my.token",
      "In the environment:  POSTERN_API_KEY or POSTERN_TOKEN; for a server, POSTERN_API_KEYS",
      "For visitors:        postern http 3000 --password (after the target; it asks for the password), or --password-file FILE",
      "Replace a secret that you typed here: it may be in your shell's history.",
    ].join("\n"),
  );
}

/** `--password` asks at the terminal. What follows it must not be a password. */
function asksForSecret(arg: string, next = "-"): boolean {
  return arg === "--password" && next.startsWith("-");
}

async function end(terminal: Terminal, exitCode: number): Promise<never> {
  await Promise.all([terminal.stdout.flushed(FLUSH_TIMEOUT), terminal.stderr.flushed(FLUSH_TIMEOUT)]);
  process.exit(exitCode);
}
