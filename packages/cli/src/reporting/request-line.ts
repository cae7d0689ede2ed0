import type { RequestRecord } from "@postern/client";
import { clockText } from "./clock-text.js";
import { paintStatus, type Paint } from "../terminal/paint.js";
import { printableAscii, truncated } from "../terminal/printable.js";
import { byteText, durationText } from "../terminal/quantity.js";

/** Beyond this a path is cut even where there is no terminal. */
const MAX_PATH = 2_048;
/** Between the path and what follows it; a wide terminal shows the path no wider than this. */
const PATH_COLUMN = 72;
const METHOD = 7;
const DURATION = 7;
const SIZE = 7;

/**
 * One finished request as one line: time, method, path, status, duration, size of the answer.
 * Nothing a visitor sends can be more than text in it, and it is never wider than `columns`.
 */
export function requestLine(record: RequestRecord, columns: number | undefined, paint: Paint): string {
  const time = clockText(record.started);
  const method = truncated(printableAscii(record.method), METHOD).padEnd(METHOD);
  const status = String(record.status).padStart(3);
  const duration = durationText(record.duration_ms).padStart(DURATION);
  const size = byteText(record.bytes_out).padStart(SIZE);
  const path = printableAscii(record.path);
  const coloured = paintStatus(record.status, status, paint);

  if (columns === undefined) {
    return `${time}  ${method} ${truncated(path, MAX_PATH)}  ${coloured} ${duration} ${size}`;
  }
  const wide = time.length + 2 + METHOD + 1 + 2 + 3 + 1 + DURATION + 1 + SIZE;
  if (columns - wide >= 12) {
    const room = Math.min(columns - wide, PATH_COLUMN);
    const shown = truncated(path, room).padEnd(room);
    return `${paint.dim(time)}  ${method} ${shown}  ${coloured} ${paint.dim(`${duration} ${size}`)}`;
  }
  // On a very narrow terminal: what was asked and what came of it.
  const room = columns - METHOD - 1 - 1 - 3;
  return room < 1 ? truncated(status.trim(), columns) : `${method} ${truncated(path, room).padEnd(room)} ${coloured}`;
}

/** Says that more requests were served than lines are shown. */
export function omittedLine(omitted: number): string {
  return `… and ${omitted} more request${omitted === 1 ? "" : "s"}`;
}
