import type { ExchangeEnd } from "../exchange/exchange-end.js";
import type { ResponseRepair } from "../repair/index.js";
import type { FinishedRequest } from "../route.js";
import { redactedPath } from "./redacted-path.js";
import { redactedText } from "./redacted-text.js";

/** The length of the longest path and the longest User-Agent in a record, in characters. */
const LONGEST_PATH = 1_024;
const LONGEST_USER_AGENT = 256;

/** A finished request as an entry of logs and events, without secrets that its path suggests. */
export interface RequestEntry {
  request_id: string;
  method: string;
  /** At most 1,024 characters. */
  path: string;
  status: number;
  /** ISO 8601. */
  started: string;
  duration_ms: number;
  bytes_in: number;
  bytes_out: number;
  ended: ExchangeEnd;
  code?: string;
  flaw?: string;
  repairs?: readonly ResponseRepair[];
}

/** What a log may show about the visitor. */
export interface VisitorFields {
  /** The visitor's IP address. */
  readonly visitor: string;
  readonly host: string;
  readonly user_agent?: string;
}

export function requestEntry(request: FinishedRequest): RequestEntry {
  const duration = request.endedAt - request.startedAt;
  return {
    request_id: request.id,
    method: request.method,
    // A path may be as long as a head, and a stranger chooses it.
    path: redactedPath(request.path.slice(0, 2 * LONGEST_PATH)).slice(0, LONGEST_PATH),
    status: request.status,
    started: new Date(Date.now() - duration).toISOString(),
    duration_ms: Math.round(duration * 10) / 10,
    bytes_in: request.bytesIn,
    bytes_out: request.bytesOut,
    ended: request.ended,
    ...(request.code === undefined ? {} : { code: request.code }),
    ...(request.flaw === undefined ? {} : { flaw: request.flaw }),
    ...(request.repairs.size === 0 ? {} : { repairs: [...request.repairs] }),
  };
}

export function visitorFields({ address, host, userAgent }: FinishedRequest): VisitorFields {
  const agent = redactedText(userAgent.slice(0, 2 * LONGEST_USER_AGENT)).slice(0, LONGEST_USER_AGENT);
  return { visitor: address, host, ...(agent === "" ? {} : { user_agent: agent }) };
}
