import { dialFault, isNotTls, trustFault, type TrustOptions } from "@postern/net";
import type { ErrorCode } from "@postern/protocol";

const OPTIONS: TrustOptions = {
  ca: "local_ca_file (--local-ca-file)",
  name: "use that name in the target, or set local_ca_file (--local-ca-file) to the certificate itself",
  any: "do not verify it with local_verify = false (--local-insecure)",
};

/** Describes why the local service cannot be reached, with a suggested fix. */
export function localFault(error: NodeJS.ErrnoException): string {
  return trustFault(error, OPTIONS) ?? dialFault(error);
}

/** Whether the local service runs although it cannot be reached: its address or trust is configured wrongly. */
export function isRunning(code: ErrorCode): boolean {
  return code === "PN_DIAL_UNTRUSTED" || code === "PN_DIAL_SCHEME";
}

/** The code with which a stream is reset when dialling the local service failed. */
export function localFaultCode(error: NodeJS.ErrnoException | undefined): ErrorCode {
  if (error === undefined) return "PN_DIAL_FAILED";
  if (error.code === "ECONNREFUSED") return "PN_DIAL_REFUSED";
  if (error.code === "ETIMEDOUT") return "PN_DIAL_TIMEOUT";
  if (trustFault(error) !== undefined) return "PN_DIAL_UNTRUSTED";
  return isNotTls(error) ? "PN_DIAL_SCHEME" : "PN_DIAL_FAILED";
}
