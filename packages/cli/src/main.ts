import { CommanderError } from "commander";
import { CliError, EXIT } from "./errors.js";
import { failureOf, failureText } from "./reporting/failure.js";
import { createProgram } from "./program.js";
import { eventPrinter, machineEvent, processTerminal, type Terminal } from "./terminal/terminal.js";

/** How long the last words may wait for their reader, in milliseconds. */
const FLUSH = 1_000;

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

/** Runs the command line `args`; failures are told to people. Returns the exit code. */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    refuseSecrets(args);
    let exitCode: number = EXIT.done;
    await createProgram(terminal, (code) => (exitCode = code)).parseAsync(args, { from: "user" });
    return exitCode;
  } catch (error) {
    // Commander has said it already. Help that nobody asked for is a usage error too.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    return reportFailure(error, args, terminal);
  }
}

function reportFailure(error: unknown, args: readonly string[], terminal: Terminal): number {
  const failure = failureOf(error);
  terminal.stderr.line(failureText(failure));
  const level = args[args.indexOf("--log-level") + 1];
  if (
    failure.code === "PN_INTERNAL" &&
    (level === "debug" || args.includes("--log-level=debug")) &&
    error instanceof Error
  ) {
    terminal.stderr.line(String(error.stack));
  }
  if (args.includes("--json") || /^(1|yes|on|true)$/i.test(terminal.env["POSTERN_JSON"] ?? "")) {
    const { code, message, retryable, problems } = failure;
    const data = { code, retryable, ...(problems === undefined ? {} : { problems }) };
    eventPrinter(terminal.stdout, "postern")(machineEvent("error", "postern", message, data));
  }
  return failure.exit;
}

/** Looked for before anything else reads the arguments, so that no message repeats one. */
function refuseSecrets(args: readonly string[]): void {
  const end = args.indexOf("--");
  const given = args
    .slice(0, end === -1 ? undefined : end)
    .find((arg) => /^--(api-keys?|token|password)(=|$)/.test(arg));
  if (given === undefined) return;
  const option = given.split("=", 1)[0] ?? "";
  throw new CliError(
    "PN_SECRET_ARGUMENT",
    `${option} is not taken here: every user of this machine can read the command line of its processes.`,
    [
      "In a file:           postern http 3000 --api-key-file my.key",
      "A token:             --token-file, or POSTERN_TOKEN in the environment",
      "In the environment:  POSTERN_API_KEY for `postern http`, POSTERN_API_KEYS for `postern server`",
      "A key that was typed here may be in your shell's history: make a new one.",
    ].join("\n"),
  );
}

async function end(terminal: Terminal, exitCode: number): Promise<never> {
  await Promise.all([terminal.stdout.flushed(FLUSH), terminal.stderr.flushed(FLUSH)]);
  process.exit(exitCode);
}
