import { writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { ConfigError, explain, jsonSchema, problemOf, startingFile } from "@postern/config";
import { CliError } from "../../errors.js";
import { failureOf } from "../../reporting/failure.js";
import { humanOutput } from "../../reporting/messages.js";
import { gatewayExposure, gatewayMonitoring, hasGateway } from "../../running/gateway-settings.js";
import { readSettings, type Settings } from "../../settings/configuration.js";
import type { CommandLine } from "../../settings/options.js";
import type { CommandInput } from "../command.js";
import { readServed } from "../serve/given.js";
import { explainedRequest } from "./explained-request.js";
import { EXPLAIN_EXAMPLE } from "./request-to-explain.js";
import { quoted } from "../../settings/owned-file.js";
import { problemLine } from "../../settings/problem-line.js";
import { paintFor } from "../../terminal/paint.js";
import { printable } from "../../terminal/printable.js";
import { machineEvent, type Terminal } from "../../terminal/terminal.js";
import { wrapped } from "../../terminal/wrapped.js";
import { routeOrderNotes } from "./gateway-checks.js";
import { checkFiles, isEmpty, isForServerCommand } from "./file-checks.js";

const NOTHING_TO_RUN = "`postern start` has nothing to run: the file has no endpoint, no route and no server.";

/** `postern config init`: writes a file to start from. Throws PN_CONFIG_EXISTS instead of overwriting a file. */
export function init(file: string, { stdout }: Terminal): void {
  try {
    writeFileSync(file, startingFile(), { flag: "wx", mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST")
      throw new CliError("PN_CONFIG_EXISTS", `${file} already exists.`, "Name another file: postern config init FILE");
    if ((error as NodeJS.ErrnoException).code === "ENOENT")
      throw new CliError(
        "PN_FILE_UNREADABLE",
        `${file} cannot be written: its folder does not exist.`,
        `Create the folder: mkdir -p ${quoted(dirname(file))}`,
      );
    throw new CliError("PN_FILE_UNREADABLE", `${file} cannot be written: ${(error as Error).message}.`);
  }
  const option = file === "postern.toml" ? "" : ` --config ${printable(quoted(file))}`;
  stdout.line(
    [
      `Wrote ${printable(file)}. Next steps:`,
      "  1. Set server_url, subdomain and local in it.",
      "  2. Save your API key as postern.key in the same folder: (umask 077; echo KEY > postern.key)",
      `  3. Run: postern config check${option} && postern start${option}`,
    ].join("\n"),
  );
}

/**
 * `postern config check`: lists all mistakes and warnings. Throws ConfigError for mistakes, and the error that `postern
 * start` would throw for files that it could not use.
 */
export async function check(given: CommandLine, terminal: Terminal): Promise<void> {
  const settings = await readSettings({ ...given, env: terminal.env });
  const output = humanOutput(terminal, given.json);
  const paint = paintFor(output, terminal.env);
  const { loaded } = settings;
  const tables = [...(isForServerCommand(settings) ? [["tunnel", "server"]] : []), ...gatewayMonitoring(settings)];
  loaded.requireVariables(...tables);
  const { pending } = loaded.unsupported([], ...tables);
  const { errors, warnings: found } = await checkFiles(settings);
  const differences = [
    ...loaded.differences.map(problemLine),
    ...(errors.length === 0 ? routeOrderNotes(settings) : []),
  ];
  const warnings = [
    ...settings.warnings,
    ...found,
    ...pending.map((each) => `${problemLine(each)} Commands that run this part of the file refuse to start.`),
    ...loaded.withoutEffect.map(({ problem }) => problemLine(problem)),
    ...(loaded.isOlder ? differences : []),
    ...(hasGateway(settings) ? gatewayExposure(settings) : []),
    ...(settings.file !== undefined && pending.length === 0 && isEmpty(settings) ? [NOTHING_TO_RUN] : []),
  ];
  // The author of a file of today may expect what it does.
  const notes = loaded.isOlder ? [] : differences;
  const lines = [
    ...warnings.map((each) => `${paint.yellow("warning")}  ${printable(each)}`),
    ...notes.map((each) => `${paint.cyan("note")}     ${printable(each)}`),
  ];
  for (const line of lines) output.line(wrapped(line, output.columns, "  "));
  if (errors.length > 0) throw errorOf(errors);
  const valid = `${settings.file ?? "The environment (no configuration file)"} is valid.`;
  output.line(`${paint.green("✓")} ${printable(valid)}`);
  if (!given.json) return;
  const data = { state: "valid", file: settings.file ?? null, warnings, notes };
  // A file of the older program may have many warnings, which the limit of event lines would shorten.
  terminal.stdout.line(JSON.stringify(machineEvent("status_update", "postern", valid, data)));
}

/** A single error keeps its code and its advice. */
function errorOf(errors: readonly unknown[]): unknown {
  if (errors.length === 1) return errors[0];
  const lines = errors.map(failureOf).map(({ code, message, fix = "" }) => `${message} (${code}) ${fix}`.trimEnd());
  return new ConfigError(lines.map((line) => problemOf(line.replaceAll("\n", " "))));
}

/** Those of `postern serve FOLDER`, if the command line names a folder. */
async function explainedSettings(given: CommandInput, env: NodeJS.ProcessEnv): Promise<Settings> {
  if (given.flags["--directory"] === undefined) return readSettings({ ...given, env });
  return (await readServed({ ...given, argument: undefined, command: "serve" }, env)).settings;
}

/** `postern config explain [METHOD URL]`: explains a request, or prints every value with its source. */
export async function explainAll(given: CommandInput, terminal: Terminal): Promise<void> {
  const settings = await explainedSettings(given, terminal.env);
  const { loaded } = settings;
  const { stdout } = terminal;
  const [headers, from] = [given.valuesOf("--header"), given.valueOf("--from")];
  if (given.argument === undefined && (headers.length > 0 || given.flags["--from"] !== undefined))
    throw new CliError("PN_USAGE", "--header and --from need the method and the URL of a request.", EXPLAIN_EXAMPLE);
  if (given.argument !== undefined) {
    const report = await explainedRequest({ text: given.argument, headers, from }, settings);
    return stdout.line(
      given.json ? JSON.stringify(report.json) : report.lines(paintFor(stdout, terminal.env)).join("\n"),
    );
  }
  const paint = paintFor(stdout, terminal.env);
  const all = explain(loaded.resolution.options, loaded.file);
  if (given.json) {
    for (const { path, value, origin } of all) stdout.line(JSON.stringify({ path, value: value ?? null, origin }));
    return;
  }
  stdout.line(paint.dim(`# ${settings.file ?? "no configuration file"}`));
  for (const { path, value, origin } of all) {
    if (value === undefined) continue;
    const from = paint.dim(`# ${printable(origin)}`);
    const line = `${path} = ${printable(value)}`;
    stdout.line(`${origin === "default" ? paint.dim(line) : line}  ${from}`);
  }
}

/** `postern config schema`: prints the JSON Schema. */
export function schema(terminal: Terminal): void {
  terminal.stdout.line(JSON.stringify(jsonSchema(), undefined, 2));
}
