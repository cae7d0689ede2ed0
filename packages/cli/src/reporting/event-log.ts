import type { TunnelEvent, TunnelEventData } from "@postern/client";
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
export function logEvent(event: TunnelEvent, log: Logger, requestLog: Logger): void {
  const { type, endpoint, message, data } = event;
  if (type === "http_request")
    return requestLog.info({ endpoint, ...data }, "omitted" in data ? "more requests" : "request");
  log[levelOf(event)]({ endpoint, ...data }, message);
}

function levelOf({ type, data }: TunnelEvent): "debug" | "info" | "warn" {
  if (type === "token_refresh") return tokenLevel(data);
  if (type === "status_update") return statusLevel(data);
  if (type === "tunnel_closed" && data.code === "PN_CLOSED") return "info";
  return LEVELS[type] ?? "info";
}

/** That requests come through is as it should be, and as long as nobody knows there is nothing to say. */
export function statusLevel(data: TunnelEventData["status_update"]): "debug" | "warn" {
  return data.data_plane === "failing" ? "warn" : "debug";
}

/** That a token was renewed is as it should be. */
export function tokenLevel({ state }: TunnelEventData["token_refresh"]): "debug" | "warn" {
  return state === "renewed" ? "debug" : "warn";
}
