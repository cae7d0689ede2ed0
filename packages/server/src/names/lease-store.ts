import type { Holder, Lease } from "./lease.js";

/**
 * Where leases are stored. Reads are synchronous: they are made for every bind and for requests to names that nothing
 * serves.
 */
export interface LeaseStore {
  /** The lease of `name` that is in force; undefined: the name is free. */
  find(name: string): Lease | undefined;
  /** How many names `owner` holds, those without a session included. */
  count(owner: string): number;
  /** Gives `name` to `holder` under a new epoch. The name must be free, or the owner's already. */
  acquire(name: string, holder: Holder): Lease;
  /**
   * The last session that served `name` is gone: its owner keeps the name for SERVER_LIMITS.nameHold. An epoch that is
   * not the lease's changes nothing.
   * @param awaited the client dropped, and is expected back.
   */
  keep(name: string, epoch: number, awaited: boolean): void;
  /** Makes `name` free at once. An epoch that is not the lease's changes nothing. */
  free(name: string, epoch: number): void;
  /** Removes expired leases. Call about once a second. */
  sweep(): void;
}
