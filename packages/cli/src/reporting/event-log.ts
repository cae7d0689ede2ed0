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

/** Logs an endpoint's event; requests go to their own log. */
export function logEvent({ type, endpoint, message, data }: TunnelEvent, log: Logger, requestLog: Logger): void {
  if (type === "http_request")
    return requestLog.info({ endpoint, ...data }, "omitted" in data ? "more requests" : "request");
  const isExpected = data["code"] === "PN_CLOSED";
  const level =
    type === "token_refresh" ? tokenLevel(data) : type === "status_update" ? statusLevel(data) : LEVELS[type];
  log[(isExpected ? undefined : level) ?? "info"]({ endpoint, ...data }, message);
}

/** Only a failing end-to-end check is worth a warning. */
export function statusLevel(data: Record<string, unknown>): "debug" | "warn" {
  return data["data_plane"] === "failing" ? "warn" : "debug";
}

/** A successful renewal is routine. */
export function tokenLevel({ state }: Record<string, unknown>): "debug" | "warn" {
  return state === "renewed" ? "debug" : "warn";
}
