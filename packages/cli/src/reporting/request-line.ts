import type { RequestRecord } from "@postern/client";
import { clockText } from "./clock-text.js";
import { paintStatus, type Paint } from "../terminal/paint.js";
import { printableAscii, truncated } from "../terminal/printable.js";
import { byteText, durationText } from "../terminal/quantity.js";

/** A path is cut to this length even without a terminal. */
const MAX_PATH = 2_048;
/** The maximum width of the path on a wide terminal. */
const PATH_COLUMN = 72;
const METHOD = 7;
const DURATION = 7;
const SIZE = 7;

/** The maximum width of the end of a request that is not complete. */
const MAX_END = 60;

/**
 * Formats a finished request: time, method, path, status, duration, size of the response, and how it ended if it is not
 * complete. Text of the visitor is escaped, and the line is never wider than `columns`.
 * @param hasFigures whether it shows duration and size
 */
export function requestLine(
  record: RequestRecord,
  columns: number | undefined,
  paint: Paint,
  hasFigures = true,
): string {
  const time = clockText(record.started);
  const method = truncated(printableAscii(record.method), METHOD).padEnd(METHOD);
  const status = String(record.status).padStart(3);
  const duration = durationText(record.duration_ms).padStart(DURATION);
  const figures = hasFigures ? ` ${duration} ${byteText(record.bytes_out).padStart(SIZE)}` : "";
  const path = printableAscii(record.path);
  const coloured = paintStatus(record.status, status, paint);
  const end = truncated(endText(record), MAX_END);
  const tail = end === "" ? "" : `  ${paint.red(end)}`;

  if (columns === undefined) {
    return `${time}  ${method} ${truncated(path, MAX_PATH)}  ${coloured}${figures}${tail}`;
  }
  const wide = time.length + 2 + METHOD + 1 + 2 + 3 + figures.length + (end === "" ? 0 : 2 + end.length);
  if (columns - wide >= 12) {
    const room = Math.min(columns - wide, PATH_COLUMN);
    const shown = truncated(path, room).padEnd(room);
    return `${paint.dim(time)}  ${method} ${shown}  ${coloured}${paint.dim(figures)}${tail}`;
  }
  // On a narrow terminal there is only room for method, path and status, and the end if it is not complete.
  const room = columns - METHOD - 1 - 1 - 3;
  if (room < 1) return truncated(status.trim(), columns);
  const left = room - 2 - end.length;
  if (end === "" || left < 1) return `${method} ${truncated(path, room).padEnd(room)} ${coloured}`;
  return `${method} ${truncated(path, left).padEnd(left)} ${coloured}${tail}`;
}

/** How a request ended, with the code of its error and the flaw of its response; empty if it is complete. */
export function endText({ ended, code, flaw }: Pick<RequestRecord, "ended" | "code" | "flaw">): string {
  if (ended === undefined || ended === "complete") return "";
  // Visitors follow the redirect, so "refused" would suggest a fault.
  if (code === "PN_HTTP_INSECURE") return "redirect to HTTPS";
  return printableAscii([ended, code, flaw].filter((part) => part !== undefined).join(" "));
}

/** Counts the requests without a line of their own. */
export function omittedLine(omitted: number): string {
  return `… and ${omitted} more request${omitted === 1 ? "" : "s"}`;
}
