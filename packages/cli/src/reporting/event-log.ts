import type { StatusChange, TunnelEvent, TunnelEventData } from "@postern/client";
import type { Logger } from "pino";
import { RepairNotes } from "./repair-notes.js";

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

/** Logs the events of endpoints; requests go to their own log. */
export class EventLog {
  readonly #log: Logger;
  readonly #requestLog: Logger;
  /** By endpoint. */
  readonly #repairs = new Map<string, RepairNotes>();

  constructor(log: Logger, requestLog: Logger) {
    this.#log = log;
    this.#requestLog = requestLog;
  }

  add(event: TunnelEvent): void {
    const { type, endpoint, message, data } = event;
    if (type === "http_request") this.#addRequest(endpoint, data);
    else this.#log[levelOf(event)]({ endpoint, ...data }, message);
  }

  #addRequest(endpoint: string, data: TunnelEventData["http_request"]): void {
    this.#requestLog.info({ endpoint, ...data }, "omitted" in data ? "requests omitted" : "request");
    let notes = this.#repairs.get(endpoint);
    if (notes === undefined) this.#repairs.set(endpoint, (notes = new RepairNotes()));
    for (const note of notes.of(data)) this.#requestLog.warn({ endpoint }, note);
  }
}

function levelOf({ type, data }: TunnelEvent): "debug" | "info" | "warn" {
  if (type === "token_refresh") return tokenLevel(data);
  if (type === "status_update") return statusLevel(data);
  if (type === "tunnel_closed" && data.code === "PN_CLOSED") return "info";
  return LEVELS[type] ?? "info";
}

/** Problems of visitors are worth a warning, and the end of one a line. */
export function statusLevel(data: StatusChange): "debug" | "info" | "warn" {
  if (data.suggestion !== undefined || data.data_plane === "failing" || data.local === "failing") return "warn";
  return data.local === "ok" && data.before === "failing" ? "info" : "debug";
}

/** A successful renewal is routine. */
export function tokenLevel({ state }: TunnelEventData["token_refresh"]): "debug" | "warn" {
  return state === "renewed" ? "debug" : "warn";
}
