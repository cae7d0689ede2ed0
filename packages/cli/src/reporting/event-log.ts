import type { StatusChange, TunnelEvent, TunnelEventData } from "@postern/client";
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

/** Logs an endpoint's event; requests go to their own log. */
export function logEvent(event: TunnelEvent, log: Logger, requestLog: Logger): void {
  const { type, endpoint, message, data } = event;
  if (type === "http_request")
    return requestLog.info({ endpoint, ...data }, "omitted" in data ? "requests omitted" : "request");
  log[levelOf(event)]({ endpoint, ...data }, message);
}

function levelOf({ type, data }: TunnelEvent): "debug" | "info" | "warn" {
  if (type === "token_refresh") return tokenLevel(data);
  if (type === "status_update") return statusLevel(data);
  if (type === "tunnel_closed" && data.code === "PN_CLOSED") return "info";
  return LEVELS[type] ?? "info";
}

/** Problems of visitors are worth a warning, and the end of one a line. */
export function statusLevel(data: StatusChange): "debug" | "info" | "warn" {
  if (data.suggestion !== undefined || data.data_plane === "failing") return "warn";
  return data.local !== undefined && data.before === "failing" ? "info" : "debug";
}

/** A successful renewal is routine. */
export function tokenLevel({ state }: TunnelEventData["token_refresh"]): "debug" | "warn" {
  return state === "renewed" ? "debug" : "warn";
}
