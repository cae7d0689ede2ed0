import { checkLogin, type LoginCheck } from "@postern/client";
import { candidates, type Candidate } from "../running/endpoints-to-check.js";
import { readSettings } from "../settings/configuration.js";
import { EXIT } from "../errors.js";
import { failureOf, type Failure } from "../reporting/failure.js";
import { peopleOutput } from "../reporting/messages.js";
import type { CommandLine } from "../settings/options.js";
import { paintFor } from "../terminal/paint.js";
import { loginText } from "../reporting/login-text.js";
import { printable } from "../terminal/printable.js";
import { eventPrinter, machineEvent, type Terminal } from "../terminal/terminal.js";
import { refuseUnbuilt } from "../settings/unsupported.js";

interface Outcome {
  label: string;
  /** Not known when the credential could not even be read. */
  server: string | undefined;
  warnings: string[];
  result: LoginCheck | Failure;
}

/** No local service is asked for anything. */
const ANY_PORT = 80;

/** `postern auth check`: tries the credentials at every endpoint's server, and opens no tunnel. Returns the exit code. */
export async function authCheckCommand(given: CommandLine, terminal: Terminal): Promise<number> {
  const all = { ...given, env: terminal.env };
  const settings = await readSettings(all);
  refuseUnbuilt(settings, ["tunnel", "auth"], ["tunnel", "ssl"], ["tunnel", "endpoints"]);
  const output = peopleOutput(terminal, given.json);
  const paint = paintFor(output, terminal.env);
  const print = given.json ? eventPrinter(terminal.stdout, "postern") : undefined;
  const warned = new Set<string>();
  const warn = (text: string): void => {
    if (!warned.has(text)) output.line(`${paint.yellow("warning")}  ${printable(text)}`);
    warned.add(text);
  };
  for (const each of settings.warnings) warn(each);

  let exit: number = EXIT.done;
  // All at once, told in their order.
  for (const outcome of candidates(all, settings, ANY_PORT).map(check)) {
    const { label, server, warnings, result } = await outcome;
    for (const each of warnings) warn(each);
    const where = server === undefined ? "" : `${server}: `;
    if ("code" in result) {
      exit = EXIT.credentialsRefused;
      const { code, message, fix, retryable } = result;
      const lines = [`${where}${message} (${code})`, ...(fix?.split("\n") ?? [])];
      output.line(`${paint.red("✗")} ${[label, ...lines].map(printable).join("\n  ")}`);
      const type = /^PN_(SERVER|PROXY)_/.test(code) ? "connection_failure" : "authentication_failure";
      print?.(machineEvent(type, label, message, { server, code, retryable }));
    } else {
      const said = `${where}${loginText(result)}`;
      output.line(`${paint.green("✓")} ${printable(label)}\n  ${printable(said)}`);
      const { owner, name, publicUrl: public_url, expiresIn: expires_in_ms } = result;
      print?.(machineEvent("authentication_success", label, said, { server, owner, name, public_url, expires_in_ms }));
    }
  }
  return exit;
}

async function check({ label, wish }: Candidate): Promise<Outcome> {
  const outcome: Outcome = { label, server: undefined, warnings: [], result: failureOf(undefined) };
  try {
    const { wishes, warnings } = await wish();
    const { options } = wishes[0]!;
    Object.assign(outcome, { server: options.server, warnings });
    outcome.result = await checkLogin(options);
  } catch (error) {
    outcome.result = failureOf(error);
  }
  return outcome;
}
