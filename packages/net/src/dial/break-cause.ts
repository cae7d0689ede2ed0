import type { BreakCause } from "../connection/byte-stream.js";
import { trustFault } from "../tls/trust.js";
import { isNotTls } from "./dial-fault.js";

/** The cause with which a stream breaks whose dial failed with `error`. */
export function breakCauseOf(error: NodeJS.ErrnoException): BreakCause {
  if (error.code === "ETIMEDOUT") return "timeout";
  if (trustFault(error) !== undefined) return "untrusted";
  return isNotTls(error) ? "scheme" : "refused";
}
