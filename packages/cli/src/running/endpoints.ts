import {
  connect,
  type ConnectionState,
  type ConnectOptions,
  type TunnelEvent,
  type TunnelHandle,
} from "@postern/client";
import type { EndpointSpec } from "./endpoint-specs.js";

export interface EndpointEvents {
  onEvent(event: TunnelEvent): void;
  /**
   * An endpoint has failed permanently. Only a reload tries it again.
   * @param kept whether the previous version, which it should have replaced, keeps running.
   */
  onFailed(label: string, error: Error, kept: boolean): void;
  /**
   * The endpoint's connection has a new state. Undefined: it is about to open its first connection, and events report
   * the state.
   */
  onState(label: string, state: ConnectionState | undefined): void;
}

/** Labels of the endpoints that a reload added, changed and removed. */
export interface Changes {
  added: string[];
  changed: string[];
  removed: string[];
}

interface Running {
  spec: EndpointSpec;
  stop: AbortController;
  tunnel: TunnelHandle | undefined;
  /** Settles when the tunnel has opened or failed. */
  opened: Promise<void>;
  failed: boolean;
}

/** The running endpoints. They are independent: a failure of one does not affect the others. */
export class Endpoints {
  readonly #running = new Map<string, Running>();
  /** Removed and replaced endpoints that are finishing their last requests. */
  readonly #ending = new Set<Promise<void>>();
  readonly #events: EndpointEvents;

  constructor(events: EndpointEvents) {
    this.#events = events;
  }

  /** The number of endpoints that have not failed. */
  get alive(): number {
    return [...this.#running.values()].filter(({ failed }) => !failed).length;
  }

  /** Makes the running endpoints match `specs`. Unchanged endpoints are not interrupted. */
  reconcile(specs: readonly EndpointSpec[]): Changes {
    const changes: Changes = { added: [], changed: [], removed: [] };
    const wanted = new Set(specs.map(({ label }) => label));
    for (const [label, running] of this.#running) {
      if (wanted.has(label)) continue;
      changes.removed.push(label);
      this.#running.delete(label);
      this.#untilEnded(close(running));
    }
    for (const spec of specs) {
      const running = this.#running.get(spec.label);
      if (running === undefined) {
        changes.added.push(spec.label);
        this.#start(spec);
      } else if (running.failed || !sameOptions(running.spec.options, spec.options)) {
        changes.changed.push(spec.label);
        this.#replace(running, spec);
      }
    }
    return changes;
  }

  /** Resolves when all endpoints have ended, including those that were removed or replaced before. */
  async close(): Promise<void> {
    for (const running of this.#running.values()) this.#untilEnded(close(running));
    while (this.#ending.size > 0) await Promise.all(this.#ending);
  }

  #untilEnded(end: Promise<void>): void {
    const ended = end.finally(() => this.#ending.delete(ended));
    this.#ending.add(ended);
  }

  /** @param former the previous version. It runs until this version has opened, and keeps running if that fails. */
  #start(spec: EndpointSpec, former?: Running): Running {
    const stop = new AbortController();
    const running: Running = { spec, stop, tunnel: undefined, opened: Promise.resolve(), failed: false };
    this.#running.set(spec.label, running);
    if (former === undefined || former.failed) this.#events.onState(spec.label, undefined);
    running.opened = this.#open(running).catch((error: Error) => {
      running.failed = true;
      if (stop.signal.aborted) return;
      const kept = former?.failed === false;
      if (kept) this.#running.set(spec.label, former);
      this.#events.onState(spec.label, kept ? former.tunnel?.state : "failed");
      this.#events.onFailed(spec.label, error, kept);
    });
    return running;
  }

  async #open(running: Running): Promise<void> {
    const { options, label } = running.spec;
    const onEvent = (event: TunnelEvent): void => this.#events.onEvent(event);
    const tunnel = await connect({ ...options, signal: running.stop.signal, onEvent });
    running.tunnel = tunnel;
    const report = (state: ConnectionState): void => {
      if (this.#running.get(label) === running) this.#events.onState(label, state);
    };
    report(tunnel.state);
    tunnel.on("state", report);
    tunnel.on("closed", (error) => {
      running.failed = true;
      // A replaced endpoint is expected to lose its name to its successor.
      if (error !== undefined && this.#running.get(label) === running) this.#events.onFailed(label, error, false);
    });
  }

  /** The successor opens first and claims the name, so that the name is always served. */
  #replace(former: Running, spec: EndpointSpec): void {
    const name = keptName(former, spec.options);
    const options = name === undefined ? spec.options : { ...spec.options, subdomain: name };
    const successor = this.#start({ ...spec, options }, former);
    // The next reload compares with the file's spec, which has no generated name.
    successor.spec = spec;
    const end = async (): Promise<void> => {
      await successor.opened;
      if (this.#running.get(spec.label) !== former) await close(former);
    };
    this.#untilEnded(end());
  }
}

/** The name that the server generated, if the new options request none from the same server. */
function keptName({ tunnel, spec }: Running, { server, subdomain }: ConnectOptions): string | undefined {
  const isGenerated = spec.options.subdomain === undefined && subdomain === undefined && server === spec.options.server;
  return isGenerated && tunnel !== undefined ? new URL(tunnel.url).hostname.split(".")[0] : undefined;
}

async function close({ stop, tunnel }: Running): Promise<void> {
  if (tunnel === undefined) stop.abort();
  else await tunnel.close();
}

function sameOptions(one: ConnectOptions, other: ConnectOptions): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** `added web; removed api` */
export function changesText({ added, changed, removed }: Changes): string {
  const parts = Object.entries({ added, changed, removed }).filter(([, labels]) => labels.length > 0);
  if (parts.length === 0) return "no endpoint changed";
  return parts.map(([action, labels]) => `${action} ${labels.join(", ")}`).join("; ");
}
