import { humanOutput } from "../reporting/messages.js";
import type { Settings } from "../settings/configuration.js";
import { printable } from "../terminal/printable.js";
import type { Terminal } from "../terminal/terminal.js";
import type { AccessLogs } from "./access-logs.js";

export interface OpenAccessLogsOptions {
  settings: Settings;
  terminal: Terminal;
  json: boolean;
  /** Whether the process has routes: a reload may give them logs. */
  hasRoutes: boolean;
  onWarning: (text: string) => void;
}

/** The access logs of a process; undefined: it has none, and loads no code for them. Throws PN_LOG_UNWRITABLE. */
export async function openAccessLogs({
  settings,
  terminal,
  json,
  hasRoutes,
  onWarning,
}: OpenAccessLogsOptions): Promise<AccessLogs | undefined> {
  if (!hasRoutes && !settings.loaded.values.logging.access.enabled) return undefined;
  const { AccessLogs } = await import("./access-logs.js");
  return new AccessLogs({
    settings,
    console: humanOutput(terminal, json),
    onWarning,
    onConsoleWarning: (text) => terminal.stderr.line(`postern: ${printable(text)}`),
  });
}
