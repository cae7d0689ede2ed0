import type { TunnelEvent } from "@postern/client";
import type { Logger } from "pino";

const LEVELS: Partial<Record<TunnelEvent["type"], "debug" | "warn">> = {
  pong: "debug",
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
  const level =
    type === "token_refresh" ? tokenLevel(data) : type === "status_update" ? statusLevel(data) : LEVELS[type];
  log[(isExpected ? undefined : level) ?? "info"]({ endpoint, ...data }, message);
}

/** That requests come through is as it should be, and as long as nobody knows there is nothing to say. */
export function statusLevel(data: Record<string, unknown>): "debug" | "warn" {
  return data["data_plane"] === "failing" ? "warn" : "debug";
}

/** That a token was renewed is as it should be. */
export function tokenLevel({ state }: Record<string, unknown>): "debug" | "warn" {
  return state === "renewed" ? "debug" : "warn";
}
