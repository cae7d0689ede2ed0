import { ERRORS, errorCode, TunnelError } from "../errors.js";

/** RFC 6455, section 7.4.1. */
const NORMAL_CLOSURE = 1000;
/** WebSocket close codes from here on carry the number of an error: PROTOCOL.md, section 9. */
const FIRST_ERROR = 4000;

/** The WebSocket close code that reports `error`. */
export function closeCodeOf({ code }: TunnelError): number {
  return code === "PN_CLOSED" ? NORMAL_CLOSURE : FIRST_ERROR + ERRORS[code].number;
}

/** The error that the peer reports with a close code; `detail` explains a code that reports none. */
export function errorOfClose(closeCode: number, detail: string): TunnelError {
  if (closeCode === NORMAL_CLOSURE) return new TunnelError("PN_CLOSED");
  if (closeCode > FIRST_ERROR) return new TunnelError(errorCode(closeCode - FIRST_ERROR));
  return new TunnelError("PN_SESSION_LOST", detail || `code ${closeCode}`);
}
