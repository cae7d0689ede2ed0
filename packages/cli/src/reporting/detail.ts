import type { LogLevel } from "@postern/config";

/** Whether log lines have identifiers and stack traces. `trace` shows the same as `debug`. */
export function isDetailed(level: LogLevel): boolean {
  return level === "debug" || level === "trace";
}
