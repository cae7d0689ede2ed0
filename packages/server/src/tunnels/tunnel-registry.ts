import { SERVER_LIMITS } from "../limits.js";
import { isFencedOff, isShared, type Holder } from "../names/lease.js";
import type { LeaseStore } from "../names/lease-store.js";
import { TunnelGroup } from "./tunnel-group.js";
import type { Tunnel } from "./tunnel.js";

/**
 * Why a tunnel stops serving a name: `dropped`, its client dropped and is expected to reconnect; `stopped`, it stopped
 * and its owner keeps the name; `free`, it stopped and the name is no longer needed.
 */
export type Release = "dropped" | "stopped" | "free";

/** Why a client may not serve a name. */
export type NameRefusal = "PN_NAME_TAKEN" | "PN_NAME_TAKEN_OVER" | "PN_OWNER_NAME_LIMIT" | "PN_NAME_SESSION_LIMIT";

/** The tunnels that serve each name, and the leases that allow it. */
export class TunnelRegistry {
  readonly #leases: LeaseStore;
  readonly #namesPerOwner: number;
  /** By name. Every group has a tunnel and a valid lease. */
  readonly #groups = new Map<string, TunnelGroup>();

  /** @param namesPerOwner names that one owner may hold. */
  constructor(leases: LeaseStore, namesPerOwner: number = SERVER_LIMITS.namesPerOwner) {
    this.#leases = leases;
    this.#namesPerOwner = namesPerOwner;
  }

  /** Names that are served now. */
  get size(): number {
    return this.#groups.size;
  }

  has(name: string): boolean {
    return this.#groups.has(name);
  }

  /** Why `holder` may not serve `name`; undefined: it may. */
  refusal(name: string, { owner, instance }: Holder): NameRefusal | undefined {
    const lease = this.#leases.find(name);
    if (lease === undefined)
      return this.#leases.count(owner) >= this.#namesPerOwner ? "PN_OWNER_NAME_LIMIT" : undefined;
    if (lease.owner !== owner) return "PN_NAME_TAKEN";
    if (isFencedOff(lease, instance)) return "PN_NAME_TAKEN_OVER";
    const isFull = isShared(lease, instance) && (this.#groups.get(name)?.size ?? 0) >= SERVER_LIMITS.sessionsPerName;
    return isFull ? "PN_NAME_SESSION_LIMIT" : undefined;
  }

  /**
   * Starts to serve the name with `tunnel`. It joins the tunnels of the same instance, and replaces those of another
   * instance. `refusal` must have returned undefined.
   */
  add(tunnel: Tunnel, holder: Holder): void {
    const { name } = tunnel;
    const lease = this.#leases.find(name);
    const former = this.#groups.get(name);
    if (former !== undefined && lease !== undefined && isShared(lease, holder.instance)) return former.add(tunnel);
    const group = new TunnelGroup(this.#leases.acquire(name, holder).epoch);
    this.#groups.set(name, group);
    group.add(tunnel);
    former?.replace();
  }

  /** Removes `tunnel`. The lease changes only with the last tunnel of its epoch. */
  remove(tunnel: Tunnel, how: Release): void {
    const { name, epoch } = tunnel;
    const group = this.#groups.get(name);
    if (group?.epoch !== epoch || !group.remove(tunnel) || group.size > 0) return;
    this.#groups.delete(name);
    if (how === "free") this.#leases.free(name, epoch);
    else this.#leases.keep(name, epoch, how === "dropped");
  }

  /**
   * The tunnel for the next request to `name`; `away` while its client is expected back, `offline` after its client
   * stopped, undefined if nobody holds the name or its holder shows visitors 404.
   */
  find(name: string): Tunnel | "away" | "offline" | undefined {
    const tunnel = this.#groups.get(name)?.pick();
    if (tunnel !== undefined) return tunnel;
    const lease = this.#leases.find(name);
    if (lease === undefined || lease.offlineStatus === 404) return undefined;
    return lease.awaited ? "away" : "offline";
  }

  /** A tunnel that could get the next request to `name`. Unlike `find`, it does not take a turn of the tunnels. */
  peek(name: string): Tunnel | undefined {
    return this.#groups.get(name)?.peek();
  }

  /** Whether nobody holds `name`. */
  isFree(name: string): boolean {
    return this.#leases.find(name) === undefined;
  }

  /** The tunnel of `name` whose client sent the probe `field`. */
  probed(name: string, field: string): Tunnel | undefined {
    return this.#groups.get(name)?.probed(field);
  }

  /** Removes expired leases, and detects tunnels that are cut off. Call it about once a second. */
  sweep(): void {
    this.#leases.sweep();
    for (const group of this.#groups.values()) group.watch();
  }
}
