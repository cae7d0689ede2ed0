import { clockText } from "./clock-text.js";
import { noted } from "../terminal/noted.js";
import { paintStatus, type Paint } from "../terminal/paint.js";
import { printable, printableAscii, truncated } from "../terminal/printable.js";
import { byteText, durationText } from "../terminal/quantity.js";

const SHOWN_ELSEWHERE = new Set(["level", "time", "msg", "err", "problems"]);
/** Fields that are shown only at full detail. */
const DETAILS = new Set(["session", "tunnel", "agent", "app", "environment", "totals"]);
const OF_REQUEST = new Set([
  "name",
  "endpoint",
  "method",
  "path",
  "status",
  "duration_ms",
  "bytes_out",
  "started",
  "address",
  "owner",
  "bytes_in",
]);
const MAX_VALUE = 512;

/**
 * Formats a log entry: `14:05:09 WARN  message  key=value`, and a request as `14:05:09 INFO  my-app  GET /  200  3 ms
 * 1.2 kB`.
 * `problems` follow on lines of their own.
 * @param full whether to add identifiers, and the stack trace of an error on lines of its own.
 */
export function readableLine(entry: Record<string, unknown>, paint: Paint, full: boolean): string {
  const level = String(entry["level"]);
  const time = clockText(typeof entry["time"] === "number" ? entry["time"] : String(entry["time"]));
  const request = requestText(entry, paint);
  const fields = Object.entries(entry)
    .filter(([key]) => !SHOWN_ELSEWHERE.has(key) && (full || !DETAILS.has(key)) && !(request && OF_REQUEST.has(key)))
    // Most requests are complete.
    .filter(([key, value]) => !(request && key === "ended" && value === "complete"))
    .map(([key, value]) => `${printable(key)}=${valueText(isSize(key, value) ? byteText(value) : value)}`);
  const error = errorParts(entry["err"]);
  if (error) fields.push(`error=${valueText(error.summary)}`);

  const tail = fields.length > 0 ? `  ${paint.dim(fields.join(" "))}` : "";
  const line = `${paint.dim(time)} ${paintLevel(level, paint)} ${request ?? printable(typeof entry["msg"] === "string" ? entry["msg"] : "")}${tail}`;
  const stack = full ? (error?.stack?.split("\n").slice(1) ?? []) : [];
  return [line, ...problemLines(entry["problems"]), ...stack.map((frame) => paint.dim(`  ${printable(frame)}`))].join(
    "\n",
  );
}

/** Formats `problems` of an entry or of an event, each on a line of its own. */
export function problemLines(problems: unknown): string[] {
  if (!Array.isArray(problems)) return [];
  return problems.map((problem) => `  ${truncated(printable(String(problem)), MAX_VALUE)}`);
}

function requestText(entry: Record<string, unknown>, paint: Paint): string | undefined {
  const { name = entry["endpoint"], method, path, status, duration_ms: duration, bytes_out: bytes } = entry;
  if (typeof method !== "string" || typeof path !== "string" || typeof status !== "number") return undefined;
  const requested = `${printableAscii(method)} ${truncated(printableAscii(path), MAX_VALUE)}`;
  const parts = [
    typeof name === "string" ? paint.cyan(printable(name)) : "",
    requested,
    paintStatus(status, String(status), paint),
  ];
  if (typeof duration === "number") parts.push(durationText(duration));
  if (typeof bytes === "number") parts.push(byteText(bytes));
  return parts.filter((part) => part !== "").join("  ");
}

function errorParts(error: unknown): { summary: string; stack: string | undefined } | undefined {
  if (error === undefined) return undefined;
  if (typeof error !== "object" || error === null) return { summary: JSON.stringify(error), stack: undefined };
  const { message, code, stack } = error as { message?: unknown; code?: unknown; stack?: unknown };
  const text = typeof message === "string" ? message : "unknown";
  return {
    summary: typeof code === "string" ? noted(text, code) : text,
    stack: typeof stack === "string" ? stack : undefined,
  };
}

function isSize(key: string, value: unknown): value is number {
  return key.endsWith("_bytes") && typeof value === "number";
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
