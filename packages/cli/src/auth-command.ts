import { checkLogin, type LoginCheck } from "@postern/client";
import { endpointLabel } from "@postern/config";
import { readSettings, type Settings } from "./configuration.js";
import { endpointWish, typedLabel, typedWish, type EndpointWishes } from "./endpoint-wishes.js";
import { CliError, EXIT } from "./errors.js";
import { failureOf, type Failure } from "./failure.js";
import { peopleOutput } from "./messages.js";
import type { CommandLine } from "./options.js";
import { paintFor } from "./paint.js";
import { printable } from "./printable.js";
import { eventPrinter, machineEvent, type Terminal } from "./terminal.js";
import { typedEndpoint } from "./typed-endpoint.js";
import { refuseUnbuilt } from "./unbuilt.js";

/** An endpoint whose credential is to be tried. */
interface Candidate {
  label: string;
  /** Throws what reading the credential throws. */
  wish: () => Promise<EndpointWishes>;
}

interface Outcome {
  label: string;
  /** Not known when the credential could not even be read. */
  server: string | undefined;
  warnings: string[];
  result: LoginCheck | Failure;
}

const NOTHING = [
  "Say which one:     postern auth check --server https://tunnel.example.com",
  "Or in a file:      [[tunnel.endpoints]] with its server_url",
].join("\n");

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
  for (const outcome of candidates(all, settings).map(check)) {
    const { label, server, warnings, result } = await outcome;
    for (const each of warnings) warn(each);
    const where = server === undefined ? "" : `${server}: `;
    if ("code" in result) {
      exit = EXIT.credentialsRefused;
      const { code, message, fix, retryable } = result;
      const lines = [`${where}${message} (${code})`, ...(fix?.split("\n") ?? [])];
      output.line(`${paint.red("✗")} ${[label, ...lines].map(printable).join("\n  ")}`);
      const type = code.startsWith("PN_SERVER_") ? "connection_failure" : "authentication_failure";
      print?.(machineEvent(type, label, message, { server, code, retryable }));
    } else {
      const said = `${where}${inWords(result)}`;
      output.line(`${paint.green("✓")} ${printable(label)}\n  ${printable(said)}`);
      const { owner, name, publicUrl: public_url, expiresIn: expires_in_ms } = result;
      print?.(machineEvent("authentication_success", label, said, { server, owner, name, public_url, expires_in_ms }));
    }
  }
  return exit;
}

/** What was typed, else every endpoint of the file, else what the environment says. */
function candidates(given: Parameters<typeof typedEndpoint>[0], settings: Settings): Candidate[] {
  const { endpoints } = settings.loaded.values.tunnel;
  const isTyped = given.flags["--server"] !== undefined || given.flags["--subdomain"] !== undefined;
  if (!isTyped && endpoints.length > 0)
    return endpoints.map((endpoint, index) => ({
      label: endpointLabel(endpoint, index),
      wish: () => endpointWish(settings, index),
    }));
  const typed = typedEndpoint(given);
  if (typed.server_url === undefined && endpoints.length === 0)
    throw new CliError("PN_SERVER_MISSING", "No server is given.", NOTHING);
  // No local service is asked for anything, so any port will do.
  return [{ label: typedLabel(typed), wish: () => typedWish(typed, 80, settings) }];
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

function inWords({ owner, publicUrl, expiresIn }: LoginCheck): string {
  const address = publicUrl ?? "a name that the server makes up";
  const end = expiresIn === undefined ? "" : `, and the credential ends in ${durationText(expiresIn)}`;
  return `logged in as ${owner}; the tunnel would be ${address}${end}`;
}

function durationText(milliseconds: number): string {
  const units = [
    ["days", 86_400_000],
    ["hours", 3_600_000],
    ["minutes", 60_000],
    ["seconds", 1_000],
  ] as const;
  // One of the greater unit is too coarse to be told alone.
  const [unit, length] = units.find(([, size]) => milliseconds >= 2 * size) ?? ["seconds", 1_000];
  return `${Math.floor(milliseconds / length)} ${unit}`;
}
