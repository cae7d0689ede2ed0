import type { TunnelEvent } from "@postern/client";
import type { Logger } from "pino";

const LEVELS: Partial<Record<TunnelEvent["type"], "debug" | "warn">> = {
  connection_attempt: "debug",
  connection_success: "debug",
  authentication_success: "debug",
  connection_failure: "warn",
  authentication_failure: "warn",
  tunnel_closed: "warn",
  reconnection: "warn",
  error: "warn",
};

/** Writes an endpoint's event into the log: requests into a log of their own. */
export function logEvent({ type, endpoint, message, data }: TunnelEvent, log: Logger, requestLog: Logger): void {
  if (type === "http_request")
    return requestLog.info({ endpoint, ...data }, "omitted" in data ? "more requests" : "request");
  const isExpected = data["code"] === "PN_CLOSED";
  log[(isExpected ? undefined : LEVELS[type]) ?? "info"]({ endpoint, ...data }, message);
}
