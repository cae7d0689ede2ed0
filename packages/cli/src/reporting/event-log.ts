import type { StatusChange, TunnelEvent, TunnelEventData } from "@postern/client";
import type { Logger } from "pino";
import type { Failure } from "./failure.js";
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
  /**
   * The last warning of each endpoint, until the end of the turn. If the endpoint then fails with the same error, the
   * two are one entry.
   */
  readonly #held = new Map<string, TunnelEvent>();
  /** By endpoint. */
  readonly #repairs = new Map<string, RepairNotes>();

  constructor(log: Logger, requestLog: Logger) {
    this.#log = log;
    this.#requestLog = requestLog;
  }

  add(event: TunnelEvent): void {
    const { type, endpoint, message, data } = event;
    if (type === "http_request") return this.#addRequest(endpoint, data);
    this.#writeHeld(endpoint);
    const level = levelOf(event);
    if (level !== "warn") return this.#log[level]({ endpoint, ...data }, message);
    this.#held.set(endpoint, event);
    setImmediate(() => {
      if (this.#held.get(endpoint) === event) this.#writeHeld(endpoint);
    });
  }

  /** The endpoint has failed permanently. @param message the reason, as in the endpoint's events. */
  failed(endpoint: string, reason: Pick<Failure, "code" | "message">, consequence: string): void {
    const { msg, ...fields } = this.failure(endpoint, reason, consequence);
    this.#log.error(fields, msg);
  }

  /** The entry of a permanent failure, for callers that write it themselves. */
  failure(
    endpoint: string,
    { code, message }: Pick<Failure, "code" | "message">,
    consequence: string,
  ): { msg: string } & Record<string, unknown> {
    const { data } = this.#held.get(endpoint) ?? {};
    const isSame = data !== undefined && "code" in data && data.code === code;
    if (isSame) this.#held.delete(endpoint);
    else this.#writeHeld(endpoint);
    return { endpoint, ...(isSame ? data : { code }), msg: `${message} ${consequence}` };
  }

  #writeHeld(endpoint: string): void {
    const event = this.#held.get(endpoint);
    if (event === undefined) return;
    this.#held.delete(endpoint);
    this.#log.warn({ endpoint, ...event.data }, event.message);
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

/** A problem of visitors is a warning, and its end is logged too. */
export function statusLevel(data: StatusChange): "debug" | "info" | "warn" {
  if (data.suggestion !== undefined || data.data_plane === "failing" || data.local === "failing") return "warn";
  if (data.group !== undefined) return "info";
  return data.local === "ok" && data.before === "failing" ? "info" : "debug";
}

/** A successful renewal is routine. */
export function tokenLevel({ state }: TunnelEventData["token_refresh"]): "debug" | "warn" {
  return state === "renewed" ? "debug" : "warn";
}
