import type { Bound, Limits, Requests, TunnelError } from "@postern/protocol";
import type { Means } from "./dependencies.js";
import type { ConnectOptions, ReconnectionOptions, TunnelEventType } from "../options.js";
import type { Proxy } from "../server-way/proxy-address.js";
import type { ServerSearch } from "./server-selection.js";
import type { Target } from "../local/local-address.js";

/** What all sessions of a tunnel have in common. */
export interface Keeping {
  readonly options: ConnectOptions;
  readonly target: Target;
  readonly limits: Partial<Limits>;
  readonly reconnection: ReconnectionOptions;
  readonly search: ServerSearch;
  readonly means: Means;
  /** Sessions with the same serve a name together. */
  readonly instance: string;
  /** Ends everything. */
  readonly signal: AbortSignal;
  /** Of the tunnel as it was granted last; empty before. */
  readonly tunnelId: string;
  /** The tunnel is being closed: nothing new begins. */
  readonly closing: boolean;
  /** The name to ask for: the wished one, or the one that was given. */
  readonly name: string | undefined;
  /** The HTTP proxy on the way to `server`. */
  proxyTo(server: URL): Proxy | undefined;
}

/** What the tunnel hears of its sessions. */
export interface KeeperEvents {
  onState(): void;
  /** The tunnel stands on a session. @param isNew it was not there before. */
  onBound(bound: Bound, isNew: boolean): void;
  /** A session serves no more. */
  onLost(error: TunnelError): void;
  onRequests(message: Requests): void;
  onDialFailure(code: string, error: Error): void;
  /** Whether requests come through has changed; `error` says why not. */
  onDataPlane(error?: string): void;
  report(type: TunnelEventType, message: string, data: Record<string, unknown>): void;
}
