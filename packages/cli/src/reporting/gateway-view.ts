import type { GatewayService, GatewayServiceOptions, RoutedEntry } from "@postern/gateway/service";
import { printable } from "../terminal/printable.js";
import { wrapped } from "../terminal/wrapped.js";
import { clockText } from "./clock-text.js";
import type { Messages } from "./messages.js";
import { isAlarming, targetChangeText } from "./target-change-text.js";
import { omittedLine, requestLine } from "./request-line.js";

type Addresses = Pick<GatewayService, "address" | "secureAddress">;
type Reports = Required<GatewayServiceOptions>;

export interface GatewayViewOptions {
  messages: Messages;
  /** Those about the gateway while it runs. */
  gateway: Messages;
  /** Those about requests. */
  requests: Messages;
  /** Whether to show where errors come from. */
  isDetailed: boolean;
  /** Whether lines about requests have durations and sizes. */
  hasFigures: boolean;
}

/** Prints what happens to the gateway: its addresses, each request, targets that fail. */
export class GatewayView {
  readonly #messages: Messages;
  readonly #gateway: Messages;
  readonly #requests: Messages;
  readonly #isDetailed: boolean;
  readonly #hasFigures: boolean;

  constructor({ messages, gateway, requests, isDetailed, hasFigures }: GatewayViewOptions) {
    this.#messages = messages;
    this.#gateway = gateway;
    this.#requests = requests;
    this.#isDetailed = isDetailed;
    this.#hasFigures = hasFigures;
  }

  /**
   * @param folders what is served where no route takes a request
   * @param warnings about who can reach the gateway
   */
  showAddresses({ address, secureAddress }: Addresses, folders: readonly string[], warnings: readonly string[]): void {
    const { paint, columns } = this.#messages;
    const urls = [`http://${address}`, ...(secureAddress === undefined ? [] : [`https://${secureAddress}`])];
    const text = [
      "",
      ...urls.map((url) => `  ${paint.dim("Listening on ")}  ${paint.bold(paint.cyan(printable(url)))}`),
      ...folders.map((folder) => `  ${paint.dim("Files of     ")}  ${printable(folder)}`),
      ...warnings.flatMap((text) => ["", `  ${paint.yellow(wrapped(printable(text), columns, "  "))}`]),
      "",
      `  ${paint.dim("Press Ctrl-C to stop. Requests:")}`,
      "",
    ].join("\n");
    this.#messages.print("info", text, { msg: "listening", urls, ...(folders.length > 0 && { folders }) });
  }

  showRequest(entry: RoutedEntry, visitor: Parameters<Reports["onRequest"]>[1]): void {
    const { columns, paint } = this.#requests;
    const msg = `${entry.method} ${entry.path} ${entry.status}`;
    const line = requestLine(entry, columns, paint, this.#hasFigures);
    this.#requests.print("info", line, { msg, ...entry, ...visitor });
  }

  showOmitted(omitted: number): void {
    const msg = omittedLine(omitted);
    this.#requests.print("info", this.#requests.paint.dim(`          ${msg}`), { msg, omitted });
  }

  showTargetFailure({ target, reason, count }: Parameters<Reports["onTargetFailure"]>[0]): void {
    const times = count === 1 ? "" : ` (${count} times)`;
    const msg = `Target ${target}: ${reason}${times}`;
    this.#gateway.print("warn", this.#problemText(msg), { msg, target, reason, count });
  }

  showTargetChange(report: Parameters<Reports["onTargetChange"]>[0]): void {
    const msg = targetChangeText(report);
    const { paint } = this.#gateway;
    const isBad = isAlarming(report);
    const text = isBad ? this.#problemText(msg) : paint.dim(`${clockText(Date.now())}  ${printable(msg)}`);
    const { target, route, reason } = report;
    this.#gateway.print(isBad ? "warn" : "info", text, {
      msg,
      target,
      ...(route && { route }),
      ...(reason && { reason }),
    });
  }

  showFault(error: unknown): void {
    const { paint } = this.#gateway;
    const { message, stack = "" } = error instanceof Error ? error : { message: String(error) };
    const calls = this.#isDetailed ? stack.split("\n").filter((line) => /^\s+at /.test(line)) : [];
    const text = [
      this.#problemText(`A visitor's connection was closed: internal error: ${message}`),
      ...calls.map((line) => paint.dim(`  ${printable(line)}`)),
    ].join("\n");
    this.#gateway.print("error", text, { msg: "a visitor's connection was closed: internal error", err: error });
  }

  #problemText(text: string): string {
    const { paint, columns } = this.#gateway;
    return wrapped(`${paint.dim(clockText(Date.now()))}  ${paint.yellow(printable(text))}`, columns, "          ");
  }
}
