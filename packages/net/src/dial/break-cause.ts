import type { BreakCause } from "../connection/byte-stream.js";
import { trustFault } from "../tls/trust.js";
import { RaceLost, type AddressAttempt } from "./address-race.js";
import { isNotTls } from "./dial-fault.js";

/** The cause with which a stream breaks whose dial failed with `error`. */
export function breakCauseOf(error: NodeJS.ErrnoException): BreakCause {
  if (error instanceof RaceLost) return error.attempts.some(isPending) ? "timeout" : "refused";
  if (error.code === "ETIMEDOUT") return "timeout";
  if (trustFault(error) !== undefined) return "untrusted";
  return isNotTls(error) ? "scheme" : "refused";
}

/** Whether an address neither accepted nor refused in time. */
function isPending([, loss]: AddressAttempt): boolean {
  return loss === undefined || (loss as NodeJS.ErrnoException).code === "ETIMEDOUT";
}
