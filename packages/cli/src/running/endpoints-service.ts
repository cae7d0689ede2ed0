import type { Monitoring } from "../monitoring/monitoring.js";
import type { Settings } from "../settings/configuration.js";
import type { EndpointSpec, EndpointSpecs } from "./endpoint-specs.js";
import { changesText, Endpoints, type Changes, type EndpointEvents } from "./endpoints.js";
import type { PreparedReload, Service } from "../service.js";

/** What follows the failure of an endpoint: its previous version keeps running, it is down, or the command ends. */
export type FailureOutcome = "kept" | "down" | "end";

export interface EndpointsServiceOptions {
  /** The endpoints at start. */
  specs: readonly EndpointSpec[];
  /** The endpoints of a changed configuration. */
  load: (settings: Settings) => Promise<EndpointSpecs>;
  monitoring: Monitoring;
  onEvent: EndpointEvents["onEvent"];
  onFailed?: (label: string, error: Error, outcome: FailureOutcome) => void;
  /** Whether the command ends when an endpoint fails and this many endpoints remain. */
  isFatal: (left: number) => boolean;
}

/** The tunnels of a client as a service. */
export class EndpointsService implements Service {
  readonly ended: Promise<void>;
  readonly #options: EndpointsServiceOptions;
  readonly #endpoints: Endpoints;

  constructor(options: EndpointsServiceOptions) {
    const { monitoring, onEvent, onFailed, isFatal } = options;
    const { promise, reject } = Promise.withResolvers<void>();
    this.ended = promise;
    this.#options = options;
    this.#endpoints = new Endpoints({
      onEvent,
      onState: (label, state) => monitoring.onState(label, state),
      onFailed: (label, error, kept) => {
        const ends = isFatal(this.#endpoints.alive);
        onFailed?.(label, error, kept ? "kept" : ends ? "end" : "down");
        if (ends) reject(error);
      },
    });
  }

  async start(): Promise<void> {
    await this.#reconcile(this.#options.specs);
  }

  async reload(settings: Settings): Promise<PreparedReload> {
    const { specs, files, warnings } = await this.#options.load(settings);
    const apply = async (): Promise<{ summary: string; data: Record<string, unknown> }> => {
      const changes = await this.#reconcile(specs);
      return { summary: changesText(changes), data: { ...changes } };
    };
    return { apply, files, warnings };
  }

  /** Resolves when requests in progress are done. */
  stop(): Promise<void> {
    return this.#endpoints.close();
  }

  async #reconcile(specs: readonly EndpointSpec[]): Promise<Changes> {
    // Monitoring is updated first, so that it misses no event of a new endpoint.
    await this.#options.monitoring.reconcile(specs);
    return this.#endpoints.reconcile(specs);
  }
}
