import type { TunnelError } from "@postern/protocol";

/** How a session, or an attempt to open one, ended. */
export type Ending =
  /** The attempt failed. */
  | "failed"
  /** The link between client and server broke. */
  | "broken"
  /** The server ended the session, with a code or with a time to return. */
  | "ended";

/** The errors of a session whose link broke. All others are decisions of one side. */
const BROKEN: ReadonlySet<string> = new Set(["PN_SESSION_LOST", "PN_HEARTBEAT_LOST"]);

/**
 * How long a session must have served the tunnel, in milliseconds, so that its end starts a new count of retries. After
 * a broken link a short time is enough: a link that breaks regularly is no reason to wait longer each time. A server
 * that repeatedly ends sessions is one.
 */
const LASTING = { failed: Infinity, broken: 5_000, ended: 30_000 } as const satisfies Record<Ending, number>;

/** How a session ended that was lost because of `error`. */
export function endingOf({ code, retryAfter }: TunnelError): "broken" | "ended" {
  return BROKEN.has(code) && retryAfter === undefined ? "broken" : "ended";
}

/**
 * The number of the next retry in a row.
 * @param before the number of retries before.
 * @param age how long the session served the tunnel, in milliseconds.
 */
export function nextRetry(before: number, ending: Ending, age: number): number {
  return age >= LASTING[ending] ? 1 : before + 1;
}
