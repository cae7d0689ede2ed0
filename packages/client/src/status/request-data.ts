import {
  DURATION_BOUNDS,
  REQUEST_ENDS,
  REQUEST_REPAIRS,
  type RequestRecord,
  type RequestTotals,
} from "@postern/protocol";
import { STATUS_CLASSES } from "./status-class.js";
import { serverText } from "../server-text.js";
import type { RequestData } from "../tunnel-event.js";

type Field = Exclude<keyof RequestRecord, "repairs">;

/** The fields of a record that are texts or numbers, and the length of the longest text of each in characters. */
const FIELDS: Readonly<Record<Field, number>> = {
  request_id: 128,
  method: 32,
  path: 1_024,
  status: 0,
  started: 32,
  duration_ms: 0,
  bytes_in: 0,
  bytes_out: 0,
  ended: 32,
  code: 64,
  flaw: 64,
};

/**
 * The data of the event about a request. It has the known fields only: a member of the server's choice could replace
 * one that the client adds to a log line, or fill the log.
 */
export function requestData(record: RequestRecord): RequestData {
  const data: Partial<Record<Field, string | number>> = {};
  for (const field in FIELDS) {
    const name = field as Field;
    const value = record[name];
    if (typeof value === "string") data[name] = serverText(value, FIELDS[name]);
    else if (value !== undefined) data[name] = Number.isFinite(value) ? value : 0;
  }
  // A later version of the server may know more ways to end, and more repairs.
  if (!REQUEST_ENDS.some((end) => end === data.ended)) delete data.ended;
  const repairs = REQUEST_REPAIRS.filter((repair) => record.repairs?.includes(repair) === true);
  return { ...(data as RequestData), ...(repairs.length > 0 && { repairs }) };
}

/** The sums over omitted requests, with the known fields only. */
export function totalsData({ statuses, ended, ...totals }: RequestTotals): RequestTotals {
  return {
    statuses: statuses.slice(0, STATUS_CLASSES.length),
    ended: Object.fromEntries(REQUEST_ENDS.filter((end) => Object.hasOwn(ended, end)).map((end) => [end, ended[end]])),
    bytes_in: totals.bytes_in,
    bytes_out: totals.bytes_out,
    duration_ms: Number.isFinite(totals.duration_ms) ? totals.duration_ms : 0,
    durations: totals.durations.slice(0, DURATION_BOUNDS.length + 1),
  };
}
