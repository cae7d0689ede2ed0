import type { Holder, Lease } from "./lease.js";

/**
 * Stores leases. Reads are synchronous, because they are made for every bind and for requests to names that no session
 * serves.
 */
export interface LeaseStore {
  /** The current lease of `name`; undefined: the name is free. */
  find(name: string): Lease | undefined;
  /** The number of names that `owner` holds, including those without a session. */
  count(owner: string): number;
  /**
   * Assigns `name` to `holder` under a new epoch. The name must be free or already belong to the owner. The instances
   * that had it keep it if `holder` joins or is one of them; otherwise they are fenced off.
   */
  acquire(name: string, holder: Holder): Lease;
  /** `instance` shares the lease of `name` from now on. Nothing changes if the lease has a different epoch. */
  join(name: string, epoch: number, instance: string): void;
  /** `instance` no longer shares the lease of `name`. Nothing changes if the lease has a different epoch. */
  leave(name: string, epoch: number, instance: string): void;
  /**
   * The last session that served `name` has ended. The owner keeps the name for SERVER_LIMITS.nameHold. Nothing changes
   * if the lease has a different epoch.
   * @param awaited the client dropped and is expected to reconnect.
   */
  keep(name: string, epoch: number, awaited: boolean): void;
  /** Frees `name` at once. Nothing changes if the lease has a different epoch. */
  free(name: string, epoch: number): void;
  /** Removes expired leases. Call about once a second. */
  sweep(): void;
}
