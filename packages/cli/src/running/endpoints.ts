import {
  connect,
  type ConnectionState,
  type ConnectOptions,
  type TunnelEvent,
  type TunnelHandle,
} from "@postern/client";
import type { EndpointWish } from "./endpoint-specs.js";

export interface EndpointEvents {
  onEvent(event: TunnelEvent): void;
  /**
   * An endpoint can't go on: it is not tried again before the configuration is read again.
   * @param kept whether the one before it, which was to be replaced, stays instead.
   */
  onFailed(label: string, error: Error, kept: boolean): void;
  /** The state of the connection that counts for this endpoint; undefined: a first one begins, of which only events tell. */
  onState(label: string, state: ConnectionState | undefined): void;
}

/** What a change of the configuration did. */
export interface Changes {
  added: string[];
  changed: string[];
  removed: string[];
}

interface Running {
  wish: EndpointWish;
  stop: AbortController;
  tunnel: TunnelHandle | undefined;
  /** Settled when it has opened or failed. */
  opened: Promise<void>;
  failed: boolean;
}

/** The endpoints that run, each for itself: what happens to one does not touch another. */
export class Endpoints {
  readonly #running = new Map<string, Running>();
  /** Those that were removed or replaced, until their last request is done. */
  readonly #ending = new Set<Promise<void>>();
  readonly #events: EndpointEvents;

  constructor(events: EndpointEvents) {
    this.#events = events;
  }

  /** How many are open, or still try. */
  get alive(): number {
    return [...this.#running.values()].filter(({ failed }) => !failed).length;
  }

  /** Brings what runs in line with `wishes`: starts, replaces and closes no more than it has to. */
  apply(wishes: readonly EndpointWish[]): Changes {
    const changes: Changes = { added: [], changed: [], removed: [] };
    const wanted = new Set(wishes.map(({ label }) => label));
    for (const [label, running] of this.#running) {
      if (wanted.has(label)) continue;
      changes.removed.push(label);
      this.#running.delete(label);
      this.#untilEnded(close(running));
    }
    for (const wish of wishes) {
      const running = this.#running.get(wish.label);
      if (running === undefined) {
        changes.added.push(wish.label);
        this.#start(wish);
      } else if (running.failed || !sameOptions(running.wish.options, wish.options)) {
        changes.changed.push(wish.label);
        this.#replace(running, wish);
      }
    }
    return changes;
  }

  /** Resolves when all have ended, those that were removed or replaced before included. */
  async close(): Promise<void> {
    for (const running of this.#running.values()) this.#untilEnded(close(running));
    while (this.#ending.size > 0) await Promise.all(this.#ending);
  }

  #untilEnded(end: Promise<void>): void {
    const ended = end.finally(() => this.#ending.delete(ended));
    this.#ending.add(ended);
  }

  /** @param former what runs until this one has opened, and stays if it can't. */
  #start(wish: EndpointWish, former?: Running): Running {
    const stop = new AbortController();
    const running: Running = { wish, stop, tunnel: undefined, opened: Promise.resolve(), failed: false };
    this.#running.set(wish.label, running);
    if (former === undefined || former.failed) this.#events.onState(wish.label, undefined);
    running.opened = this.#open(running).catch((error: Error) => {
      running.failed = true;
      if (stop.signal.aborted) return;
      const kept = former?.failed === false;
      if (kept) this.#running.set(wish.label, former);
      this.#events.onState(wish.label, kept ? former.tunnel?.state : "failed");
      this.#events.onFailed(wish.label, error, kept);
    });
    return running;
  }

  async #open(running: Running): Promise<void> {
    const { options, label } = running.wish;
    const onEvent = (event: TunnelEvent): void => this.#events.onEvent(event);
    const tunnel = await connect({ ...options, signal: running.stop.signal, onEvent });
    running.tunnel = tunnel;
    const tell = (state: ConnectionState): void => {
      if (this.#running.get(label) === running) this.#events.onState(label, state);
    };
    tell(tunnel.state);
    tunnel.on("state", tell);
    tunnel.on("closed", (error) => {
      running.failed = true;
      // One that was replaced has lost its name to its successor: nothing went wrong.
      if (error !== undefined && this.#running.get(label) === running) this.#events.onFailed(label, error, false);
    });
  }

  /** The successor opens first and takes the name over, so that no request finds nobody there. */
  #replace(former: Running, wish: EndpointWish): void {
    const name = keptName(former, wish.options);
    const options = name === undefined ? wish.options : { ...wish.options, subdomain: name };
    const successor = this.#start({ ...wish, options }, former);
    // What is compared with the next file is what this one says.
    successor.wish = wish;
    const end = async (): Promise<void> => {
      await successor.opened;
      if (this.#running.get(wish.label) !== former) await close(former);
    };
    this.#untilEnded(end());
  }
}

/** A name that the server had made up stays, as long as it is asked of the same server. */
function keptName({ tunnel, wish }: Running, { server, subdomain }: ConnectOptions): string | undefined {
  const made = wish.options.subdomain === undefined && subdomain === undefined && server === wish.options.server;
  return made && tunnel !== undefined ? new URL(tunnel.url).hostname.split(".")[0] : undefined;
}

async function close({ stop, tunnel }: Running): Promise<void> {
  if (tunnel === undefined) stop.abort();
  else await tunnel.close();
}

function sameOptions(one: ConnectOptions, other: ConnectOptions): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** Changes in words. */
export function changesText({ added, changed, removed }: Changes): string {
  const parts = Object.entries({ added, changed, removed }).filter(([, labels]) => labels.length > 0);
  if (parts.length === 0) return "no endpoint has changed";
  return parts.map(([what, labels]) => `${what} ${labels.join(", ")}`).join("; ");
}
