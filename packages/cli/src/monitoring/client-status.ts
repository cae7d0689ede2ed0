import type { ConnectionState, ConnectOptions, EndpointReport, StatusEvent } from "@postern/client";
import {
  configSummary,
  EndpointStatus,
  EventHistory,
  isHealthy,
  type NumberedEvent,
  type StatusDocument,
  type WebhookReport,
} from "@postern/client/command";

/** Seconds that count as lately. */
const LATELY = 5;

export interface ClientStatusOptions {
  version: string;
  /** Whether requests are counted. Default true. */
  countsRequests?: boolean;
  now?: () => number;
}

/** All that this process knows of its endpoints, and the last events. */
export class ClientStatus {
  readonly history = new EventHistory();
  /** What becomes of the events for a webhook; undefined without one. */
  webhook: WebhookReport | undefined;
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

  /** Which endpoints there are from now on. One that stays keeps what was counted. */
  apply(wishes: readonly { label: string; options: ConnectOptions }[]): void {
    const wanted = new Set(wishes.map(({ label }) => label));
    for (const label of this.#endpoints.keys()) if (!wanted.has(label)) this.#endpoints.delete(label);
    for (const { label, options } of wishes) {
      const config = configSummary(options);
      const there = this.#endpoints.get(label);
      if (there === undefined) this.#endpoints.set(label, new EndpointStatus(label, config, this.#countsRequests));
      else there.config = config;
    }
  }

  /** Takes an event in; its endpoint may be none of these, for instance the process itself. */
  add(event: StatusEvent): void {
    this.#endpoints.get(event.endpoint)?.add(event);
    const numbered = this.history.add(event);
    for (const follower of this.#followers) follower(numbered);
  }

  /** @param state undefined: a new connection begins, and its events tell. */
  stateChanged(label: string, state: ConnectionState | undefined): void {
    const endpoint = this.#endpoints.get(label);
    if (state === undefined) endpoint?.stateUnknown();
    else endpoint?.stateChanged(state, this.#now());
  }

  /** Calls `follower` with every event from now on. Returns what ends that. */
  follow(follower: (event: NumberedEvent) => void): () => void {
    this.#followers.add(follower);
    return () => this.#followers.delete(follower);
  }

  /** One endpoint as it is now, and how many requests a second it had lately. */
  figures(label: string): { report: EndpointReport; requestsPerSecond: number } | undefined {
    const endpoint = this.#endpoints.get(label);
    if (endpoint === undefined) return undefined;
    const now = this.#now();
    return { report: endpoint.report(now), requestsPerSecond: endpoint.requestsInLast(LATELY, now) / LATELY };
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
    };
  }
}
