import { candidates } from "../../running/endpoints-to-check.js";
import { readSettings, type Settings } from "../../settings/configuration.js";
import { diagnoseEndpoint, diagnoseServer, type Finding } from "./diagnosis.js";
import { CliError, EXIT } from "../../errors.js";
import { localTarget } from "../../settings/local-target.js";
import { peopleOutput } from "../../reporting/messages.js";
import type { CommandLine } from "../../settings/options.js";
import { paintFor } from "../../terminal/paint.js";
import { printable } from "../../terminal/printable.js";
import { problemLine } from "../../settings/problem-line.js";
import { eventPrinter, machineEvent, type Terminal } from "../../terminal/terminal.js";

const MARKS = { ok: "✓", warning: "!", failed: "✗" } as const;

/** `postern doctor [target]`: looks at everything that a tunnel needs, and says what to do about what is missing. Returns the exit code. */
export async function doctorCommand(
  given: CommandLine & { target: string | undefined },
  terminal: Terminal,
): Promise<number> {
  const all = { ...given, env: terminal.env };
  const target = given.target === undefined ? undefined : localTarget(given.target);
  const settings = await readSettings(all);
  const output = peopleOutput(terminal, given.json);
  const paint = paintFor(output, terminal.env);
  const print = given.json ? eventPrinter(terminal.stdout, "postern") : undefined;
  const colour = { ok: paint.green, warning: paint.yellow, failed: paint.red };
  let failures = 0;
  const tell = async (subject: string, findings: Iterable<Finding> | AsyncIterable<Finding>): Promise<void> => {
    output.line(paint.bold(printable(subject)));
    for await (const { check, outcome, message, fix, code } of findings) {
      if (outcome === "failed") failures += 1;
      const suffix = code === undefined ? "" : ` (${code})`;
      const mark = colour[outcome](MARKS[outcome]);
      output.line(`  ${mark} ${check.padEnd(14)}${printable(message + suffix)}`);
      for (const line of fix?.split("\n") ?? []) output.line(`${" ".repeat(18)}${printable(line)}`);
      print?.(machineEvent("status_update", subject, message, { check, outcome, code, fix }));
    }
  };

  await tell("this machine", ownFindings(settings));
  const { server, endpoints } = settings.loaded.values.tunnel;
  if (server.enabled) await tell("server", diagnoseServer(settings));
  const isTyped = given.flags["--server"] !== undefined || terminal.env["POSTERN_SERVER_URL"] !== undefined;
  if (isTyped || endpoints.length > 0) {
    for (const each of candidates(all, settings, target?.local ?? 80)) {
      const isOfFile = endpoints.length > 0 && given.flags["--server"] === undefined;
      await tell(each.label, diagnoseEndpoint(each, isOfFile || target !== undefined));
    }
  } else if (!server.enabled) {
    throw new CliError(
      "PN_SERVER_MISSING",
      "There is no server and no endpoint to look at.",
      "Say which one:     postern doctor 3000 --server https://tunnel.example.com\nOr in a file:      postern config init",
    );
  }
  output.line(failures === 0 ? paint.green("Nothing is wrong.") : paint.red(`${failures} to be put right.`));
  return failures === 0 ? EXIT.done : EXIT.failed;
}

function* ownFindings(settings: Settings): Generator<Finding> {
  yield { check: "node", outcome: "ok", message: `Node ${process.versions.node}, as it has to be` };
  const { file, warnings } = settings;
  yield { check: "configuration", outcome: "ok", message: `${file ?? "the environment (there is no file)"} is valid` };
  for (const message of warnings) yield { check: "configuration", outcome: "warning", message };
  const { pending, ignored } = settings.loaded.unsupported();
  for (const problem of [...pending, ...ignored])
    yield { check: "configuration", outcome: "warning", message: problemLine(problem) };
}
