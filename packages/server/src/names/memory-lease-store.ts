import { SERVER_LIMITS } from "../limits.js";
import type { Holder, Lease } from "./lease.js";
import type { LeaseStore } from "./lease-store.js";

/** How many instances that lost a name are remembered. */
const MAX_FENCED = 16;

/** The leases of a server that is the only one for its names. */
export class MemoryLeaseStore implements LeaseStore {
  readonly #leases = new Map<string, Lease>();
  /** Names held, by owner. */
  readonly #counts = new Map<string, number>();
  readonly #now: () => number;
  /**
   * The latest epoch of all names: it outlives the lease, so that a name that was free in between gets a higher one,
   * too.
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

  acquire(name: string, { owner, instance }: Holder): Lease {
    const former = this.find(name);
    if (former === undefined) this.#counts.set(owner, this.count(owner) + 1);
    const lease: Lease = {
      name,
      owner,
      instance,
      epoch: ++this.#epoch,
      expiresAt: Infinity,
      awaited: false,
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

/** An instance that gets the name again is fenced off no longer; the one that loses it is. */
function fencedBy(instance: string | undefined, former: Lease | undefined): readonly string[] {
  if (former === undefined) return [];
  const others = former.fenced.filter((each) => each !== instance);
  if (former.instance === undefined || former.instance === instance) return others;
  return [...others, former.instance].slice(-MAX_FENCED);
}
