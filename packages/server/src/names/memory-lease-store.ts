import { SERVER_LIMITS } from "../limits.js";
import type { Holder, Lease } from "./lease.js";
import type { LeaseStore } from "./lease-store.js";

/** The number of instances that are remembered after they lost a name. */
const MAX_FENCED = 16;

/** Stores the leases of a single server in memory. */
export class MemoryLeaseStore implements LeaseStore {
  readonly #leases = new Map<string, Lease>();
  /** Names held, by owner. */
  readonly #counts = new Map<string, number>();
  readonly #now: () => number;
  /**
   * The latest epoch of all names. It outlives the leases, so that a name that was free in between also gets a higher
   * epoch.
   */
  #epoch = 0;

  /** @param now milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  find(name: string): Lease | undefined {
    const lease = this.#leases.get(name);
    if (lease === undefined || lease.expiresAt > this.#now()) return lease;
    this.#delete(lease);
    return undefined;
  }

  count(owner: string): number {
    return this.#counts.get(owner) ?? 0;
  }

  acquire(name: string, { owner, instance, offlineStatus = 503 }: Holder): Lease {
    const former = this.find(name);
    if (former === undefined) this.#counts.set(owner, this.count(owner) + 1);
    const lease: Lease = {
      name,
      owner,
      instance,
      epoch: ++this.#epoch,
      expiresAt: Infinity,
      awaited: false,
      offlineStatus,
      fenced: fencedBy(instance, former),
    };
    this.#leases.set(name, lease);
    return lease;
  }

  keep(name: string, epoch: number, awaited: boolean): void {
    const lease = this.#leases.get(name);
    if (lease?.epoch !== epoch) return;
    this.#leases.set(name, { ...lease, awaited, expiresAt: this.#now() + SERVER_LIMITS.nameHold });
  }

  free(name: string, epoch: number): void {
    const lease = this.#leases.get(name);
    if (lease?.epoch === epoch) this.#delete(lease);
  }

  sweep(): void {
    for (const name of this.#leases.keys()) this.find(name);
  }

  #delete({ name, owner }: Lease): void {
    this.#leases.delete(name);
    const count = this.count(owner) - 1;
    if (count > 0) this.#counts.set(owner, count);
    else this.#counts.delete(owner);
  }
}

/** The instance that gets the name is no longer fenced off. The instance that loses it is fenced off. */
function fencedBy(instance: string | undefined, former: Lease | undefined): readonly string[] {
  if (former === undefined) return [];
  const others = former.fenced.filter((each) => each !== instance);
  if (former.instance === undefined || former.instance === instance) return others;
  return [...others, former.instance].slice(-MAX_FENCED);
}
