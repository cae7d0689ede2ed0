import type { Strategy } from "@postern/gateway";

/** A client that requests a name: its owner and its instance. Binds without an instance never share a lease. */
export interface Holder {
  readonly owner: string;
  readonly instance: string | undefined;
  /** Whether it serves the name together with the clients that hold it, instead of replacing them. Default false. */
  readonly joins?: boolean;
  /** Its share of the requests relative to the clients that it serves the name with. Undefined: it does not join. */
  readonly weight?: number;
  /** How it wishes the clients to share the requests. Default: as the other clients wish, or the operator. */
  readonly strategy?: Strategy;
  /** What visitors get while no session serves the name. Default 503. */
  readonly offlineStatus?: OfflineStatus;
}

/** 503: the service is offline. 404: the same as for a name without an owner. */
export type OfflineStatus = 404 | 503;

/** The ownership of a name. Lease objects are immutable: each change creates a new one. */
export interface Lease {
  readonly name: string;
  readonly owner: string;
  /**
   * The instances of the owner's clients that hold the name together, or that held it last: those that serve it, and
   * those that dropped and may return. The latest is last. Empty: one client without an instance.
   */
  readonly instances: readonly string[];
  /** Higher than every earlier epoch of the store. Calls with an older epoch change nothing. */
  readonly epoch: number;
  /** When the name becomes free, in milliseconds of the store's clock; Infinity while a session serves it. */
  readonly expiresAt: number;
  /** No session serves the name, and its client dropped. The client is expected to reconnect. */
  readonly awaited: boolean;
  readonly offlineStatus: OfflineStatus;
  /** Instances that lost the name, the latest last. They may not know this yet, and try to bind the name again. */
  readonly fenced: readonly string[];
}

/** Whether a session serves the name. */
export function isServed({ expiresAt }: Lease): boolean {
  return expiresAt === Infinity;
}

/** Whether another session of the holder would share the lease: its instance has it already, or it joins. */
export function isShared(lease: Lease, { instance, joins }: Holder): boolean {
  return isServed(lease) && instance !== undefined && (joins === true || lease.instances.includes(instance));
}

/** Whether `instance` lost the name to an instance that serves it or is awaited. */
export function isFencedOff(lease: Lease, instance: string | undefined): boolean {
  return instance !== undefined && lease.fenced.includes(instance) && (isServed(lease) || lease.awaited);
}
