import { CliError, EXIT } from "../../errors.js";
import { failureLines } from "../../reporting/failure.js";
import { humanOutput } from "../../reporting/messages.js";
import { endpointsToCheck } from "../../running/endpoints-to-check.js";
import { readSettings, type Settings } from "../../settings/configuration.js";
import { localTarget } from "../../settings/local-target.js";
import type { CommandLine } from "../../settings/options.js";
import { problemLine } from "../../settings/problem-line.js";
import { paintFor } from "../../terminal/paint.js";
import { printable } from "../../terminal/printable.js";
import { eventPrinter, machineEvent, type Terminal } from "../../terminal/terminal.js";
import { wrapped } from "../../terminal/wrapped.js";
import { diagnoseEndpoint, diagnoseServer, type Finding } from "./diagnosis.js";

/** The beginning of lines that continue a message. */
const INDENT = " ".repeat(19);

const MARKS = { ok: "✓", warning: "!", failed: "✗" } as const;

/** `postern doctor [target]`: checks everything that a tunnel needs and suggests fixes. Returns the exit code. */
export async function run(given: CommandLine & { target: string | undefined }, terminal: Terminal): Promise<number> {
  const all = { ...given, env: terminal.env };
  const target = given.target === undefined ? undefined : localTarget(given.target);
  const settings = await readSettings(all);
  const output = humanOutput(terminal, given.json);
  const paint = paintFor(output, terminal.env);
  const print = given.json ? eventPrinter(terminal.stdout, "postern") : undefined;
  const colour = { ok: paint.green, warning: paint.yellow, failed: paint.red };
  let failures = 0;
  const report = async (subject: string, findings: Iterable<Finding> | AsyncIterable<Finding>): Promise<void> => {
    output.line(paint.bold(printable(subject)));
    for await (const finding of findings) {
      const { check, outcome, message, fix, code } = finding;
      if (outcome === "failed") failures += 1;
      const [first, ...lines] = messageLines(finding);
      const mark = colour[outcome](MARKS[outcome]);
      output.line(wrapped(`  ${mark} ${check.padEnd(15)}${first}`, output.columns, INDENT));
      for (const line of lines) output.line(wrapped(`${INDENT}${line}`, output.columns, INDENT));
      print?.(machineEvent("status_update", subject, message, { check, outcome, code, fix }));
    }
  };

  await report("this machine", machineFindings(settings));
  const { server, endpoints } = settings.loaded.values.tunnel;
  if (server.enabled) await report("server", diagnoseServer(settings));
  const isGiven = given.flags["--server"] !== undefined || terminal.env["POSTERN_SERVER_URL"] !== undefined;
  if (isGiven || endpoints.length > 0) {
    for (const each of endpointsToCheck(all, settings, target)) {
      const isInFile = endpoints.length > 0 && given.flags["--server"] === undefined;
      await report(each.label, diagnoseEndpoint(each, isInFile || target !== undefined));
    }
  } else if (!server.enabled) {
    throw new CliError(
      "PN_SERVER_MISSING",
      "Nothing to check: neither a server nor an endpoint is configured.",
      "On the command line:  postern doctor 3000 --server https://tunnel.example.com\nIn a file:            postern config init",
    );
  }
  const found = `${failures} problem${failures === 1 ? "" : "s"} found.`;
  output.line(failures === 0 ? paint.green("No problems found.") : paint.red(found));
  return failures === 0 ? EXIT.done : EXIT.failed;
}

/** The message with its code, the detail, and the fix. */
function messageLines({ message, detail, fix, code }: Finding): string[] {
  const lines =
    code === undefined
      ? [message, ...(fix?.split("\n") ?? [])]
      : failureLines({ code, message, fix, ...(detail === undefined ? {} : { detail }) });
  return lines.map(printable);
}

function* machineFindings(settings: Settings): Generator<Finding> {
  yield { check: "node", outcome: "ok", message: `Node.js ${process.versions.node}` };
  const { file, warnings } = settings;
  const subject = file ?? "the environment (no configuration file)";
  yield { check: "configuration", outcome: "ok", message: `${subject} is valid` };
  for (const message of warnings) yield { check: "configuration", outcome: "warning", message };
  const { pending, ignored } = settings.loaded.unsupported();
  for (const problem of [...pending, ...ignored])
    yield { check: "configuration", outcome: "warning", message: problemLine(problem) };
}
