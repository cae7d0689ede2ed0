/** How a request ended: PROTOCOL.md, section 4. */
export const REQUEST_ENDS = [
  "complete",
  "origin_reset",
  "origin_invalid",
  "visitor_left",
  "timeout",
  "refused",
] as const;
export type RequestEnd = (typeof REQUEST_ENDS)[number];

/** What a server repairs in responses of local services: PROTOCOL.md, section 4. */
export const REQUEST_REPAIRS = [
  "bare_lf",
  "folded_field",
  "space_before_colon",
  "control_byte",
  "repeated_length",
  "length_beside_chunks",
  "padded_chunk_size",
  "shared_cookie",
] as const;
export type RequestRepair = (typeof REQUEST_REPAIRS)[number];

/** Upper bounds of the buckets of `durations`, in milliseconds; one more bucket holds the rest. */
export const DURATION_BOUNDS: readonly number[] = [
  1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000,
];

/** One finished request, as seen by the server. */
export interface RequestRecord {
  request_id: string;
  method: string;
  /** Path and query as the visitor sent them, at most 1,024 characters. */
  path: string;
  status: number;
  /** When the request's head was complete, ISO 8601. */
  started: string;
  duration_ms: number;
  /** Body bytes received from the visitor and sent to it. */
  bytes_in: number;
  bytes_out: number;
  /** Absent from servers that do not report it. */
  ended?: RequestEnd;
  /** The code of the error that ended the request. */
  code?: string;
  /** The code of the fault in the local service's response, when `ended` is `origin_invalid`. */
  flaw?: string;
  /** What the server repaired in the local service's response. */
  repairs?: readonly RequestRepair[];
}

/** Sums over requests without a record. */
export interface RequestTotals {
  /** Requests by the first digit of their status, from 1 to 5. */
  statuses: number[];
  /** Requests by how they ended. */
  ended: Partial<Record<RequestEnd, number>>;
  bytes_in: number;
  bytes_out: number;
  /** The sum of the durations, in milliseconds. */
  duration_ms: number;
  /** Requests in each bucket of DURATION_BOUNDS. */
  durations: number[];
}
