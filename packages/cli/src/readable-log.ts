import { clockText } from "./clock-text.js";
import type { Paint } from "./paint.js";
import { printable, truncated } from "./printable.js";

const SHOWN_ELSEWHERE = new Set(["level", "time", "msg", "err"]);
const MAX_VALUE = 512;

/**
 * A log entry as people read it: 14:05:09 WARN  message  key=value.
 * @param stack whether to add the stack trace of an error, on lines of its own.
 */
export function readableLine(entry: Record<string, unknown>, paint: Paint, stack: boolean): string {
  const level = String(entry["level"]);
  const time = clockText(typeof entry["time"] === "number" ? entry["time"] : String(entry["time"]));
  const fields = Object.entries(entry)
    .filter(([key]) => !SHOWN_ELSEWHERE.has(key))
    .map(([key, value]) => `${printable(key)}=${valueText(value)}`);
  const error = errorParts(entry["err"]);
  if (error) fields.push(`error=${valueText(error.summary)}`);

  const tail = fields.length > 0 ? `  ${paint.dim(fields.join(" "))}` : "";
  const line = `${paint.dim(time)} ${paintLevel(level, paint)} ${printable(typeof entry["msg"] === "string" ? entry["msg"] : "")}${tail}`;
  if (!stack || error?.stack === undefined) return line;
  return [
    line,
    ...error.stack
      .split("\n")
      .slice(1)
      .map((frame) => paint.dim(`  ${printable(frame)}`)),
  ].join("\n");
}

function errorParts(error: unknown): { summary: string; stack: string | undefined } | undefined {
  if (error === undefined) return undefined;
  if (typeof error !== "object" || error === null) return { summary: JSON.stringify(error), stack: undefined };
  const { message, code, stack } = error as { message?: unknown; code?: unknown; stack?: unknown };
  const said = typeof message === "string" ? message : "unknown";
  return {
    summary: typeof code === "string" ? `${said} (${code})` : said,
    stack: typeof stack === "string" ? stack : undefined,
  };
}

function valueText(value: unknown): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "undefined");
  const safe = truncated(printable(text), MAX_VALUE);
  return typeof value === "string" && /[\s"=]|^$/.test(safe) ? JSON.stringify(safe) : safe;
}

function paintLevel(level: string, paint: Paint): string {
  const label = level.toUpperCase().padEnd(5);
  if (level === "error" || level === "fatal") return paint.red(label);
  if (level === "warn") return paint.yellow(label);
  return level === "info" ? paint.green(label) : paint.dim(label);
}
