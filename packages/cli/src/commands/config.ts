import { writeFileSync } from "node:fs";
import { explain, jsonSchema, startingFile, type Path } from "@postern/config";
import { configurationFile, readSettings, type Settings } from "../settings/configuration.js";
import { CliError, EXIT } from "../errors.js";
import { quoted } from "../settings/owned-file.js";
import type { CommandLine } from "../settings/options.js";
import { peopleOutput } from "../reporting/messages.js";
import { paintFor } from "../terminal/paint.js";
import { printable } from "../terminal/printable.js";
import { problemLine } from "../settings/problem-line.js";
import { eventPrinter, machineEvent, type Terminal } from "../terminal/terminal.js";

type Action = "init" | "check" | "explain" | "schema";

/** `postern config …`: writes, checks and explains the configuration. Returns the exit code. */
export async function configCommand(
  action: Action,
  given: CommandLine & { file?: string | undefined },
  terminal: Terminal,
): Promise<number> {
  switch (action) {
    case "init":
      init(given.file ?? "postern.toml", terminal);
      break;
    case "check":
      await check(given, terminal);
      break;
    case "explain":
      await explainAll(given, terminal);
      break;
    case "schema":
      terminal.stdout.line(JSON.stringify(jsonSchema(), undefined, 2));
  }
  return EXIT.done;
}

/** Writes a starting file, and never over one that is there. */
function init(file: string, { stdout }: Terminal): void {
  try {
    writeFileSync(file, startingFile(), { flag: "wx", mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST")
      throw new CliError(
        "PN_CONFIG_EXISTS",
        `${file} is there already.`,
        "Name another file: postern config init FILE",
      );
    throw new CliError("PN_FILE_UNREADABLE", `${file} cannot be written: ${(error as Error).message}.`);
  }
  stdout.line(
    [
      `Wrote ${printable(file)}. Next:`,
      "  1. Set server_url, subdomain and local to what you have.",
      "  2. Put your API key into postern.key beside it: (umask 077; echo KEY > postern.key)",
      `  3. postern config check --config ${printable(quoted(file))} && postern start --config ${printable(quoted(file))}`,
    ].join("\n"),
  );
}

/** Says all that is wrong, or that nothing is. */
async function check(given: CommandLine, terminal: Terminal): Promise<void> {
  const settings = await readSettings({ ...given, env: terminal.env });
  const output = peopleOutput(terminal, given.json);
  const paint = paintFor(output, terminal.env);
  const { pending, ignored } = settings.loaded.unsupported([], ...serverIfUnsaid(settings));
  const warnings = [...settings.warnings, ...[...pending, ...ignored].map(problemLine)];
  for (const warning of warnings) output.line(`${paint.yellow("warning")}  ${printable(warning)}`);
  const valid = `${settings.file ?? "The environment (there is no file)"} is valid.`;
  output.line(`${paint.green("✓")} ${printable(valid)}`);
  if (!given.json) return;
  const data = { state: "valid", file: settings.file ?? null, warnings };
  eventPrinter(terminal.stdout, "postern")(machineEvent("status_update", "postern", valid, data));
}

/** A file that does not say whether `postern start` runs the server may be one for `postern server`, which refuses what isn't built. */
function serverIfUnsaid({ loaded }: Settings): Path[] {
  const server = ["tunnel", "server"];
  return loaded.origin(...server, "enabled").from === "default" ? [server] : [];
}

async function explainAll(given: CommandLine, terminal: Terminal): Promise<void> {
  const { loaded } = await readSettings({ ...given, env: terminal.env });
  const { stdout } = terminal;
  const paint = paintFor(stdout, terminal.env);
  const all = explain(loaded.resolution.options, loaded.file);
  if (given.json) {
    for (const { path, value, origin } of all) stdout.line(JSON.stringify({ path, value: value ?? null, origin }));
    return;
  }
  stdout.line(paint.dim(`# ${configurationFile(given.config, terminal.env) ?? "no file"}`));
  for (const { path, value, origin } of all) {
    if (value === undefined) continue;
    const from = paint.dim(`# ${printable(origin)}`);
    const line = `${path} = ${printable(value)}`;
    stdout.line(`${origin === "default" ? paint.dim(line) : line}  ${from}`);
  }
}
