import { SERVER_LIMITS } from "../limits.js";
import type { Holder, Lease } from "./lease.js";
import type { LeaseStore } from "./lease-store.js";

/** The number of instances that are remembered after they lost a name. */
const MAX_FENCED = SERVER_LIMITS.sessionsPerName;

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

  acquire(name: string, holder: Holder): Lease {
    const { owner, offlineStatus = 503 } = holder;
    const former = this.find(name);
    if (former === undefined) this.#counts.set(owner, this.count(owner) + 1);
    const lease: Lease = {
      name,
      owner,
      epoch: ++this.#epoch,
      expiresAt: Infinity,
      awaited: false,
      offlineStatus,
      ...instancesAfter(holder, former),
    };
    this.#leases.set(name, lease);
    return lease;
  }

  join(name: string, epoch: number, instance: string): void {
    const lease = this.#leases.get(name);
    if (lease?.epoch === epoch && !lease.instances.includes(instance))
      this.#leases.set(name, { ...lease, instances: [...lease.instances, instance] });
  }

  leave(name: string, epoch: number, instance: string): void {
    const lease = this.#leases.get(name);
    if (lease?.epoch === epoch) this.#leases.set(name, { ...lease, instances: without(lease.instances, instance) });
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

/** The instances that have the name when `holder` gets it, and those that have lost it. */
function instancesAfter({ instance, joins }: Holder, former: Lease | undefined): Pick<Lease, "instances" | "fenced"> {
  if (instance === undefined) return { instances: [], fenced: fencedOff(former) };
  if (former === undefined) return { instances: [instance], fenced: [] };
  const isMember = joins === true || former.instances.includes(instance);
  return isMember
    ? { instances: [...without(former.instances, instance), instance], fenced: without(former.fenced, instance) }
    : { instances: [instance], fenced: without(fencedOff(former), instance) };
}

/** The instances that have lost a name when another client replaces all those that have it. */
function fencedOff(former: Lease | undefined): readonly string[] {
  return former === undefined ? [] : [...former.fenced, ...former.instances].slice(-MAX_FENCED);
}

function without(instances: readonly string[], instance: string): readonly string[] {
  return instances.includes(instance) ? instances.filter((each) => each !== instance) : instances;
}
