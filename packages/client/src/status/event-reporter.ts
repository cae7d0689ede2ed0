import type { ErrorCode, Requests } from "@postern/protocol";
import { isRunning, localFault } from "../local/local-fault.js";
import type { ConnectionState } from "../session/connection-state.js";
import type { TunnelEvent, TunnelEventData, TunnelEventOf, TunnelEventType } from "../tunnel-event.js";
import { EndpointStatus } from "./endpoint-status.js";
import { requestData, totalsData } from "./request-data.js";
import type { ConfigSummary, EndpointReport } from "./status-document.js";

/** At most one event about an unreachable local service in this many milliseconds. */
const DIAL_FAILURE_INTERVAL = 1_000;

/** At most one event about the wrong scheme of a target in this many milliseconds. */
const WRONG_SCHEME_INTERVAL = 60_000;

/** Creates the events of one tunnel: adds each to the tunnel's status, and emits it. */
export class EventReporter {
  readonly #label: string;
  readonly #status: EndpointStatus;
  readonly #uptime: () => number;
  readonly #emit: (event: TunnelEvent) => void;
  #lastDialFailure = -Infinity;
  #lastWrongScheme = -Infinity;

  /** @param uptime milliseconds of a monotonic clock. */
  constructor(label: string, config: ConfigSummary, uptime: () => number, emit: (event: TunnelEvent) => void) {
    this.#label = label;
    this.#status = new EndpointStatus(label, config);
    this.#uptime = uptime;
    this.#emit = emit;
  }

  status(): EndpointReport {
    return this.#status.report(Date.now());
  }

  stateChanged(state: ConnectionState): void {
    this.#status.stateChanged(state, Date.now());
  }

  report<Type extends TunnelEventType>(type: Type, message: string, data: TunnelEventData[Type]): void {
    const event: TunnelEventOf<Type> = { time: new Date().toISOString(), type, endpoint: this.#label, message, data };
    this.#status.add(event as TunnelEvent);
    this.#emit(event as TunnelEvent);
  }

  requests({ records, omitted, totals }: Requests): void {
    for (const record of records) {
      const data = requestData(record);
      this.report("http_request", `${data.method} ${data.path} ${data.status}`, data);
    }
    if (omitted === 0) return;
    const sums = totals === undefined ? {} : { totals: totalsData(totals) };
    this.report("http_request", `${omitted} more requests`, { omitted, ...sums });
  }

  /**
   * Reports that the local service did not accept a visitor's connection. Returns false if such a report was made less
   * than a second ago, and this one is omitted.
   * @param address of the local service.
   */
  dialFailure(address: string, code: ErrorCode, error: Error): boolean {
    const now = this.#uptime();
    if (now - this.#lastDialFailure < DIAL_FAILURE_INTERVAL) return false;
    this.#lastDialFailure = now;
    this.report("error", `the local service at ${address} cannot be reached: ${reasonOf(error)}`, { code });
    return true;
  }

  /** Reports that nothing accepted the connection of a check. @param address of the local service. */
  localMissing(address: string, code: ErrorCode, error: Error): void {
    const reason = reasonOf(error);
    const problem =
      code === "PN_DIAL_REFUSED"
        ? `nothing listens at ${address}`
        : `the local service at ${address} cannot be reached: ${reason}`;
    const message = `${problem}. Visitors get status 502${isRunning(code) ? "" : " until the local service runs"}.`;
    this.report("status_update", message, { local: "failing", code, error: reason });
  }

  /** Reports that the local service uses TLS and its address does not, at most once a minute. */
  wrongScheme(address: string): void {
    const now = this.#uptime();
    if (now - this.#lastWrongScheme < WRONG_SCHEME_INTERVAL) return;
    this.#lastWrongScheme = now;
    const message = `the local service at ${address} uses TLS: use https://${address} as the target`;
    this.report("error", message, { code: "PN_DIAL_SCHEME" });
  }
}

/** A dial to several addresses fails with one error for each address, and its own message is empty. */
function reasonOf(error: Error): string {
  const first = error instanceof AggregateError ? (error.errors[0] as Error) : error;
  return localFault(first as NodeJS.ErrnoException);
}
