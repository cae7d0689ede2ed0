/**
 * A client that asks for a name: its owner, and the instance of the client. Binds without an instance never share a
 * lease.
 */
export interface Holder {
  readonly owner: string;
  readonly instance: string | undefined;
}

/** The ownership of a name. An object never changes: each change of the lease makes a new one. */
export interface Lease {
  readonly name: string;
  readonly owner: string;
  /** The instance of the owner's client that holds the name, or held it last. */
  readonly instance: string | undefined;
  /** Above every earlier epoch of the store. Calls with an older epoch change nothing. */
  readonly epoch: number;
  /** When the name becomes free, in milliseconds of the store's clock; Infinity while a session serves it. */
  readonly expiresAt: number;
  /** No session serves the name, and its client dropped: it is expected to come back. */
  readonly awaited: boolean;
  /** Instances that lost the name, the latest last. They may not know it yet, and try to bind it again. */
  readonly fenced: readonly string[];
}

/** Whether a session serves the name. */
export function isServed({ expiresAt }: Lease): boolean {
  return expiresAt === Infinity;
}

/** Whether another session of `instance` would share the lease with those that serve the name. */
export function isShared(lease: Lease, instance: string | undefined): boolean {
  return isServed(lease) && instance !== undefined && instance === lease.instance;
}

/** Whether `instance` lost the name to one that serves it or is expected back. */
export function isFencedOff(lease: Lease, instance: string | undefined): boolean {
  return instance !== undefined && lease.fenced.includes(instance) && (isServed(lease) || lease.awaited);
}
