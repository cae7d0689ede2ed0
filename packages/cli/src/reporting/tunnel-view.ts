import type { TunnelEvent, TunnelEventData, TunnelEventOf } from "@postern/client";
import { otherClients } from "@postern/client/status";
import { clockText } from "./clock-text.js";
import type { Messages } from "./messages.js";
import { statusLevel, tokenLevel } from "./event-log.js";
import { printable } from "../terminal/printable.js";
import { durationText } from "../terminal/quantity.js";
import { wrapped } from "../terminal/wrapped.js";
import { RepairNotes } from "./repair-notes.js";
import { omittedLine, requestLine } from "./request-line.js";

/** Milliseconds between two lines that count omitted requests. */
const OMITTED_INTERVAL = 1_000;
/** Shorter delays, in milliseconds, are not shown. */
const SHORTEST_DELAY = 100;
/** The width of the time of day before a message. */
const STAMP_WIDTH = 10;
/** The system's code for a name that the DNS does not know, in the cause of a failure. */
const UNKNOWN_NAME = "ENOTFOUND";
const NAME_ADVICE =
  "The client keeps trying, because a new name can take a while to appear in the DNS. If the name is wrong, press Ctrl-C and correct it.";

/** Prints what happens to one tunnel: its URL, each request, lost and restored connections. */
export class TunnelView {
  readonly #messages: Messages;
  readonly #repairs = new RepairNotes();
  readonly #established: (url: string) => void;
  #url: string | undefined;
  #isConnected = false;
  /** Why there is no connection. Printed in one line with the next reconnection. */
  #cause: string | undefined;
  /** Whether the advice about an unknown name was printed since the last connection. */
  #hasNamedUnknown = false;

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
        return this.#tunnelEstablished(event.data);
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

  #tunnelEstablished({ public_url: url, members, strategy, access = {} }: TunnelEventData["tunnel_established"]): void {
    const before = this.#url;
    this.#url = url;
    this.#isConnected = true;
    this.#cause = undefined;
    this.#hasNamedUnknown = false;
    if (before === undefined) this.#established(url);
    else this.#good(before === url ? "Reconnected" : `Reconnected with a new public URL: ${url}`, { public_url: url });
    const words = Object.values(access);
    if (before === undefined && words.length > 0) this.#good(`Access: ${words.join(", ")}`, { access });
    if (members !== undefined) this.#good(groupText(members, strategy), { members, ...(strategy && { strategy }) });
  }

  #good(text: string, fields: object): void {
    const { paint } = this.#messages;
    this.#messages.print("info", this.#stamped(paint.green(printable(text))), { msg: text, ...fields });
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
    const delay = event.data.delay_ms < SHORTEST_DELAY ? "at once" : `in ${durationText(event.data.delay_ms)}`;
    const text = this.#isConnected ? `Connection lost; reconnecting ${delay}` : `Not connected; retrying ${delay}`;
    this.#isConnected = false;
    const cause = this.#cause;
    this.#cause = undefined;
    this.#state("warn", cause === undefined ? text : `${text}: ${cause}`, event);
    if (cause?.includes(UNKNOWN_NAME) !== true || this.#hasNamedUnknown) return;
    this.#hasNamedUnknown = true;
    this.#state("warn", NAME_ADVICE, event);
  }

  #state(level: "debug" | "info" | "warn", text: string, { type, data }: TunnelEvent): void {
    const { paint } = this.#messages;
    const shown = sentence(printable(text));
    const coloured = { debug: paint.dim, info: paint.green, warn: paint.yellow }[level](shown);
    this.#messages.print(level, this.#wrapped(coloured), { msg: text, type, ...data });
  }

  #wrapped(text: string): string {
    return wrapped(this.#stamped(text), this.#messages.columns, " ".repeat(STAMP_WIDTH));
  }

  #stamped(text: string): string {
    return `${this.#messages.paint.dim(clockText(Date.now()))}  ${text}`;
  }
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** What a client that joins others has found. @param members the clients that serve the name, this one included */
function groupText(members: number, strategy: string | undefined): string {
  const others = otherClients(members);
  return members < 2 || strategy === undefined ? others : `${others} (${strategy})`;
}
