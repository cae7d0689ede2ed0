import type { ConnectionState, ConnectOptions, EndpointReport, StatusEvent } from "@postern/client";
import {
  configSummary,
  EndpointStatus,
  EventHistory,
  isHealthy,
  type GatewayReport,
  type NumberedEvent,
  type StatusDocument,
  type WebhookReport,
} from "@postern/client/status";

/** The window of the current request rate, in seconds. */
const RATE_WINDOW = 5;

export interface ClientStatusOptions {
  version: string;
  /** Whether requests are counted. Default true. */
  countsRequests?: boolean;
  now?: () => number;
}

/** The status of this process's endpoints, and the latest events. */
export class ClientStatus {
  readonly history = new EventHistory();
  /** Deliveries to the webhook; undefined without one. */
  webhook: WebhookReport | undefined;
  /** The report of this process's gateway; undefined without one. */
  gateway: (() => GatewayReport | undefined) | undefined;
  readonly #version: string;
  readonly #countsRequests: boolean;
  readonly #now: () => number;
  readonly #started: string;
  readonly #endpoints = new Map<string, EndpointStatus>();
  readonly #followers = new Set<(event: NumberedEvent) => void>();

  constructor({ version, countsRequests = true, now = Date.now }: ClientStatusOptions) {
    this.#version = version;
    this.#countsRequests = countsRequests;
    this.#now = now;
    this.#started = new Date(now()).toISOString();
  }

  /** Makes the endpoints match `specs`. Endpoints that remain keep their counters. */
  reconcile(specs: readonly { label: string; options: ConnectOptions }[]): void {
    const wanted = new Set(specs.map(({ label }) => label));
    for (const label of this.#endpoints.keys()) if (!wanted.has(label)) this.#endpoints.delete(label);
    for (const { label, options } of specs) {
      const config = configSummary(options);
      const existing = this.#endpoints.get(label);
      if (existing === undefined) this.#endpoints.set(label, new EndpointStatus(label, config, this.#countsRequests));
      else existing.config = config;
    }
  }

  /** Adds an event of an endpoint, or of another source such as the process itself. */
  add(event: StatusEvent): void {
    this.#endpoints.get(event.endpoint)?.add(event);
    const numbered = this.history.add(event);
    for (const follower of this.#followers) follower(numbered);
  }

  /** @param state undefined: a connection is about to be opened, and events report its state. */
  stateChanged(label: string, state: ConnectionState | undefined): void {
    const endpoint = this.#endpoints.get(label);
    if (state === undefined) endpoint?.stateUnknown();
    else endpoint?.stateChanged(state, this.#now());
  }

  /** Calls `follower` with every event from now on. Returns a function that removes the follower. */
  follow(follower: (event: NumberedEvent) => void): () => void {
    this.#followers.add(follower);
    return () => this.#followers.delete(follower);
  }

  /** An endpoint's current report and request rate. */
  figures(label: string): { report: EndpointReport; requestsPerSecond: number } | undefined {
    const endpoint = this.#endpoints.get(label);
    if (endpoint === undefined) return undefined;
    const now = this.#now();
    return { report: endpoint.report(now), requestsPerSecond: endpoint.requestsInLast(RATE_WINDOW, now) / RATE_WINDOW };
  }

  document(): StatusDocument {
    const now = this.#now();
    const endpoints = [...this.#endpoints.values()].map((endpoint) => endpoint.report(now));
    return {
      schema: 1,
      version: this.#version,
      pid: process.pid,
      started: this.#started,
      time: new Date(now).toISOString(),
      healthy: endpoints.every(isHealthy),
      webhook: this.webhook === undefined ? null : { ...this.webhook },
      endpoints,
      gateway: this.gateway?.() ?? null,
    };
  }
}
