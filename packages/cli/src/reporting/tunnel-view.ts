import type { TunnelEvent, TunnelEventData, TunnelEventOf } from "@postern/client";
import { clockText } from "./clock-text.js";
import type { Messages } from "./messages.js";
import { statusLevel, tokenLevel } from "./event-log.js";
import { printable } from "../terminal/printable.js";
import { durationText } from "../terminal/quantity.js";
import { RepairNotes } from "./repair-notes.js";
import { omittedLine, requestLine } from "./request-line.js";

/** Milliseconds between two lines that count omitted requests. */
const OMITTED_INTERVAL = 1_000;

/** Prints what happens to one tunnel: its URL, each request, lost and restored connections. */
export class TunnelView {
  readonly #messages: Messages;
  readonly #repairs = new RepairNotes();
  readonly #established: (url: string) => void;
  #url: string | undefined;
  #isConnected = false;
  /** Why there is no connection. Printed in one line with the next reconnection. */
  #cause: string | undefined;

  /** Requests without a line of their own. */
  #omitted = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param established called with the public URL when the tunnel is first established. */
  constructor(messages: Messages, established: (url: string) => void) {
    this.#messages = messages;
    this.#established = established;
  }

  show(event: TunnelEvent): void {
    switch (event.type) {
      case "http_request":
        return this.#request(event.data);
      case "tunnel_established":
        return this.#tunnelEstablished(event.data.public_url);
      case "connection_failure":
      case "authentication_failure":
      case "tunnel_closed":
        this.#cause = event.message;
        return;
      case "error":
        return this.#error(event);
      case "reconnection":
        return this.#reconnection(event);
      case "token_refresh":
        return this.#state(tokenLevel(event.data), event.message, event);
      case "status_update":
        return this.#state(statusLevel(event.data), event.message, event);
      default:
        this.#state("debug", event.message, event);
    }
  }

  #request(record: TunnelEventData["http_request"]): void {
    const { columns, paint } = this.#messages;
    if (record.omitted !== undefined) {
      this.#omitted += record.omitted;
      this.#timer ??= setTimeout(() => this.reportOmitted(), OMITTED_INTERVAL).unref();
      return;
    }
    const msg = `${record.method} ${record.path} ${record.status}`;
    this.#messages.print("info", requestLine(record, columns, paint), { msg, ...record });
    for (const note of this.#repairs.of(record)) {
      this.#messages.print("warn", this.#stamped(paint.yellow(note)), { msg: note, repairs: record.repairs });
    }
  }

  /** Prints how many requests were omitted since the last time. */
  reportOmitted(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#omitted === 0) return;
    const msg = omittedLine(this.#omitted);
    this.#messages.print("info", this.#messages.paint.dim(`          ${msg}`), { msg, omitted: this.#omitted });
    this.#omitted = 0;
  }

  #tunnelEstablished(url: string): void {
    const before = this.#url;
    this.#url = url;
    this.#isConnected = true;
    this.#cause = undefined;
    if (before === undefined) return this.#established(url);
    const { paint } = this.#messages;
    const text = before === url ? "Reconnected" : `Reconnected with a new public URL: ${url}`;
    this.#messages.print("info", this.#stamped(paint.green(printable(text))), { msg: text, public_url: url });
  }

  /**
   * An unreachable local service is printed at once; other errors are printed with the reconnection or as the failure
   * of the command.
   */
  #error(event: TunnelEventOf<"error">): void {
    if (event.data.code.startsWith("PN_DIAL_")) this.#state("warn", event.message, event);
    else this.#cause = event.message;
  }

  #reconnection(event: TunnelEventOf<"reconnection">): void {
    const delay = durationText(event.data.delay_ms);
    const text = this.#isConnected
      ? `Connection lost; reconnecting in ${delay}`
      : `Not connected; retrying in ${delay}`;
    this.#isConnected = false;
    this.#state("warn", this.#cause === undefined ? text : `${text}: ${this.#cause}`, event);
    this.#cause = undefined;
  }

  #state(level: "debug" | "info" | "warn", text: string, { type, data }: TunnelEvent): void {
    const { paint } = this.#messages;
    const shown = sentence(printable(text));
    const coloured = { debug: paint.dim, info: paint.green, warn: paint.yellow }[level](shown);
    this.#messages.print(level, this.#stamped(coloured), { msg: text, type, ...data });
  }

  #stamped(text: string): string {
    return `${this.#messages.paint.dim(clockText(Date.now()))}  ${text}`;
  }
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
