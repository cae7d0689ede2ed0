import { checkLogin, type LoginCheck } from "@postern/client";
import { EXIT } from "../../errors.js";
import { failureLines, failureOf, type Failure } from "../../reporting/failure.js";
import { loginText } from "../../reporting/login-text.js";
import { humanOutput } from "../../reporting/messages.js";
import { endpointsToCheck, type EndpointToCheck } from "../../running/endpoints-to-check.js";
import { readSettings } from "../../settings/configuration.js";
import type { CommandLine } from "../../settings/options.js";
import { refuseUnsupported } from "../../settings/unsupported.js";
import { paintFor } from "../../terminal/paint.js";
import { printable } from "../../terminal/printable.js";
import { eventPrinter, machineEvent, type Terminal } from "../../terminal/terminal.js";
import { wrapped } from "../../terminal/wrapped.js";

interface Outcome {
  label: string;
  /** Undefined when the credential cannot be read. */
  server: string | undefined;
  warnings: string[];
  result: LoginCheck | Failure;
}

/** `postern auth check`: logs in to every endpoint's server without opening a tunnel. Returns the exit code. */
export async function run(given: CommandLine, terminal: Terminal): Promise<number> {
  const all = { ...given, env: terminal.env };
  const settings = await readSettings(all);
  refuseUnsupported(settings, ["tunnel", "auth"], ["tunnel", "ssl"], ["tunnel", "endpoints"]);
  const output = humanOutput(terminal, given.json);
  const paint = paintFor(output, terminal.env);
  const print = given.json ? eventPrinter(terminal.stdout, "postern") : undefined;
  const warned = new Set<string>();
  const warn = (text: string): void => {
    if (!warned.has(text)) output.line(wrapped(`${paint.yellow("warning")}  ${printable(text)}`, output.columns, "  "));
    warned.add(text);
  };
  for (const each of settings.warnings) warn(each);

  let exit: number = EXIT.done;
  // All logins run at the same time. Their results are printed in the order of the file.
  for (const outcome of endpointsToCheck(all, settings).map(check)) {
    const { label, server, warnings, result } = await outcome;
    for (const each of warnings) warn(each);
    const prefix = server === undefined ? "" : `${server}: `;
    if ("code" in result) {
      exit = EXIT.credentialsRefused;
      const { code, message, retryable } = result;
      const [first = "", ...lines] = failureLines(result);
      const shown = [prefix + first, ...lines].map((line) => wrapped(`  ${printable(line)}`, output.columns, "  "));
      output.line([`${paint.red("✗")} ${printable(label)}`, ...shown].join("\n"));
      const type = /^PN_(SERVER|PROXY)_/.test(code) ? "connection_failure" : "authentication_failure";
      print?.(machineEvent(type, label, message, { server, code, retryable }));
    } else {
      const message = `${prefix}${loginText(result)}`;
      const shown = wrapped(`  ${printable(message)}`, output.columns, "  ");
      output.line(`${paint.green("✓")} ${printable(label)}\n${shown}`);
      const { owner, name, publicUrl: public_url, expiresIn: expires_in_ms } = result;
      const data = { server, owner, name, public_url, expires_in_ms };
      print?.(machineEvent("authentication_success", label, message, data));
    }
  }
  return exit;
}

async function check({ label, load }: EndpointToCheck): Promise<Outcome> {
  let server: string | undefined;
  let warnings: string[] = [];
  try {
    const endpoint = await load();
    server = endpoint.options.server;
    warnings = endpoint.warnings;
    return { label, server, warnings, result: await checkLogin(endpoint.options) };
  } catch (error) {
    return { label, server, warnings, result: failureOf(error) };
  }
}
