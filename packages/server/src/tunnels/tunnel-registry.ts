import { SERVER_LIMITS } from "../limits.js";
import type { Steps, Strategy, UpstreamRoute } from "@postern/gateway";
import { isFencedOff, isShared, type Holder, type Lease } from "../names/lease.js";
import type { LeaseStore } from "../names/lease-store.js";
import type { GroupMember } from "./group-member.js";
import { NO_POLICIES, type AskedPolicies } from "../policies/asked-policies.js";
import { TunnelPolicies } from "../policies/tunnel-policies.js";
import { DEFAULT_GROUP_OPTIONS, type GroupOptions } from "./group-route.js";
import { TunnelGroup } from "./tunnel-group.js";
import type { Tunnel } from "./tunnel.js";

/**
 * Why a tunnel stops serving a name: `dropped`, its client dropped and is expected to reconnect; `stopped`, it stopped
 * and its owner keeps the name; `free`, it stopped and the name is no longer needed.
 */
export type Release = "dropped" | "stopped" | "free";

/** Why a client may not serve a name. */
export type NameRefusal =
  | "PN_NAME_TAKEN"
  | "PN_NAME_TAKEN_OVER"
  | "PN_OWNER_NAME_LIMIT"
  | "PN_NAME_SESSION_LIMIT"
  | "PN_POLICY_MISMATCH"
  | "PN_STRATEGY_CONFLICT";

const NONE: readonly never[] = [];

/** The tunnels that serve each name, and the leases that allow it. */
export class TunnelRegistry {
  readonly #leases: LeaseStore;
  readonly #policies: TunnelPolicies;
  readonly #namesPerOwner: number;
  readonly #groupOptions: GroupOptions;
  /** By name. Every group has a tunnel and a valid lease. */
  readonly #groups = new Map<string, TunnelGroup>();
  /** Names that are targets of a gateway, which may have other targets. */
  readonly #targets = new Set<string>();

  /** @param namesPerOwner names that one owner may hold. */
  constructor(
    leases: LeaseStore,
    policies: TunnelPolicies = new TunnelPolicies(),
    namesPerOwner: number = SERVER_LIMITS.namesPerOwner,
    groupOptions: GroupOptions = DEFAULT_GROUP_OPTIONS,
  ) {
    this.#leases = leases;
    this.#policies = policies;
    this.#namesPerOwner = namesPerOwner;
    this.#groupOptions = groupOptions;
  }

  /** Names that are served now. */
  get size(): number {
    return this.#groups.size;
  }

  /** Names with access policies that are served now. */
  get guarded(): number {
    return [...this.#groups.values()].filter(({ policy }) => policy.steps !== undefined).length;
  }

  has(name: string): boolean {
    return this.#groups.has(name);
  }

  /** Why `holder` may not serve `name` with these policies; undefined: it may. */
  refusal(name: string, holder: Holder, policies: AskedPolicies = NO_POLICIES): NameRefusal | undefined {
    const { owner, instance } = holder;
    const lease = this.#leases.find(name);
    if (lease === undefined)
      return this.#leases.count(owner) >= this.#namesPerOwner ? "PN_OWNER_NAME_LIMIT" : undefined;
    if (lease.owner !== owner) return "PN_NAME_TAKEN";
    if (isFencedOff(lease, instance)) return "PN_NAME_TAKEN_OVER";
    const group = this.#groups.get(name);
    if (group === undefined) return undefined;
    const isMember = instance !== undefined && lease.instances.includes(instance);
    if ((isMember || holder.joins === true) && group.policy.asked.content !== policies.content)
      return "PN_POLICY_MISMATCH";
    if (isShared(lease, holder) && group.size >= SERVER_LIMITS.sessionsPerName) return "PN_NAME_SESSION_LIMIT";
    return holder.joins === true && group.isAtOdds(holder) ? "PN_STRATEGY_CONFLICT" : undefined;
  }

  /**
   * Starts to serve the name with `tunnel`. It joins the tunnels of its instance and of the clients that its instance
   * serves the name with, or joins now. It replaces those of other clients. `refusal` must have returned undefined.
   */
  add(tunnel: Tunnel, holder: Holder, policies: AskedPolicies = NO_POLICIES): void {
    const { name } = tunnel;
    const lease = this.#leases.find(name);
    const former = this.#groups.get(name);
    if (former !== undefined && lease !== undefined && isShared(lease, holder)) {
      this.#join(lease, former, holder.instance as string);
      return former.add(tunnel, holder);
    }
    const policy = this.#policies.take(holder.owner, name, policies);
    const group = new TunnelGroup(this.#leases.acquire(name, holder).epoch, policy, this.#groupOptions);
    this.#groups.set(name, group);
    group.add(tunnel, holder);
    if (former === undefined) return;
    this.#policies.release(former.policy);
    former.replace();
  }

  /** Removes `tunnel`. The lease changes only with the last tunnel of its epoch. */
  remove(tunnel: Tunnel, how: Release): void {
    const { name, epoch } = tunnel;
    const group = this.#groups.get(name);
    if (group?.epoch !== epoch || !group.remove(tunnel)) return;
    if (group.size > 0) {
      // A client that has stopped is no longer one of those that share the name.
      const instance = tunnel.instance;
      if (how !== "dropped" && instance !== undefined && !group.has(instance))
        this.#leases.leave(name, epoch, instance);
      return;
    }
    this.#groups.delete(name);
    this.#policies.release(group.policy);
    if (how === "free") this.#leases.free(name, epoch);
    else this.#leases.keep(name, epoch, how === "dropped");
  }

  /**
   * The route of the next request to `name`; `away` while its client is expected back, `offline` after its client
   * stopped or while no client takes requests, undefined if nobody holds the name or its holder shows visitors 404.
   */
  find(name: string): UpstreamRoute | "away" | "offline" | undefined {
    const route = this.#groups.get(name)?.route();
    if (route !== undefined) return route;
    const lease = this.#leases.find(name);
    if (lease === undefined || lease.offlineStatus === 404) return undefined;
    return lease.awaited ? "away" : "offline";
  }

  /** The steps that requests of a gateway's route to `name` pass. */
  steps(name: string): Steps | undefined {
    return this.#groups.get(name)?.policy.access;
  }

  /** `name` is a target of a gateway from now on. */
  useAsTarget(name: string): void {
    this.#targets.add(name);
  }

  /** The clients that serve `name`, if there are several, or if it matters which one serves it. */
  members(name: string): readonly GroupMember[] {
    return this.#groups.get(name)?.members ?? NONE;
  }

  /** The number of clients that serve `name`. */
  memberCount(name: string): number {
    return this.members(name).length || (this.has(name) ? 1 : 0);
  }

  /** How the clients that serve `name` share its requests, or would. */
  strategy(name: string): Strategy {
    return this.#groups.get(name)?.strategy ?? this.#groupOptions.strategy;
  }

  /** A tunnel for the next stream to `name`. */
  pick(name: string): Tunnel | undefined {
    return this.#groups.get(name)?.pick();
  }

  /** A tunnel that could get the next stream to `name`. Unlike `pick`, it does not take a turn of the tunnels. */
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
    this.#policies.sweep((name) => this.#leases.find(name)?.owner);
    for (const [name, group] of this.#groups) group.watch(this.#targets.has(name));
  }

  /** Adds `instance` to those that share the lease, in the place of one that has dropped if there are too many. */
  #join({ name, epoch, instances }: Lease, group: TunnelGroup, instance: string): void {
    if (instances.includes(instance)) return;
    const dropped =
      instances.length < SERVER_LIMITS.sessionsPerName ? undefined : instances.find((each) => !group.has(each));
    if (dropped !== undefined) this.#leases.leave(name, epoch, dropped);
    this.#leases.join(name, epoch, instance);
  }
}
