import { LeastLoad, type Strategy, type UpstreamRoute } from "@postern/gateway";
import type { Holder } from "../names/lease.js";
import type { GroupMember } from "./group-member.js";
import { GroupRoute, type GroupOptions } from "./group-route.js";
import { isSigned } from "./probe-route.js";
import type { TunnelPolicy } from "../policies/tunnel-policy.js";
import type { Tunnel } from "./tunnel.js";

const NONE: readonly never[] = [];

/** The tunnels that serve one name together: one for each session of the clients that hold the lease. */
export class TunnelGroup {
  /** The epoch of the lease. */
  readonly epoch: number;
  /** The same for all of them. */
  readonly policy: TunnelPolicy;
  readonly #options: GroupOptions;
  #tunnels: readonly Tunnel[] = [];
  readonly #balance = new LeastLoad();
  /** Undefined as long as only one client has served the name, as for most names. */
  #shared: GroupRoute | undefined;
  /** What its clients know of it. */
  #reported: { readonly members: number; readonly strategy: Strategy } | undefined;

  constructor(epoch: number, policy: TunnelPolicy, options: GroupOptions) {
    this.epoch = epoch;
    this.policy = policy;
    this.#options = options;
  }

  get size(): number {
    return this.#tunnels.length;
  }

  /** The clients that serve the name, if there are several, or if it matters which one serves it. */
  get members(): readonly GroupMember[] {
    return this.#shared?.members ?? NONE;
  }

  add(tunnel: Tunnel, holder: Holder): void {
    // The client may have opened another session because these are lost.
    for (const each of this.#tunnels) each.checkAlive();
    tunnel.epoch = this.epoch;
    tunnel.policy = this.policy;
    tunnel.instance = holder.instance;
    tunnel.groupWeight = holder.weight;
    tunnel.groupStrategy = holder.strategy;
    if (holder.strategy !== undefined)
      for (const each of this.#tunnels) if (each.instance === holder.instance) each.groupStrategy = holder.strategy;
    // `push` would make room for sixteen more, and most groups have one tunnel.
    this.#tunnels = this.#tunnels.concat(tunnel);
    if (this.#shared !== undefined) {
      if (holder.strategy !== undefined) this.#shared.strategy = holder.strategy;
      return this.#shared.add(tunnel);
    }
    const isPlain = holder.weight !== 0 && this.#tunnels.every(({ instance }) => instance === holder.instance);
    if (!isPlain) this.#share(tunnel.name);
  }

  /** How the clients share the requests: the wish of one of them, otherwise that of the operator. */
  get strategy(): Strategy {
    if (this.#shared !== undefined) return this.#shared.strategy;
    return (
      this.#tunnels.find(({ groupStrategy }) => groupStrategy !== undefined)?.groupStrategy ?? this.#options.strategy
    );
  }

  /** Whether another client that serves the name has asked for another strategy than `holder`. */
  isAtOdds({ instance, strategy }: Holder): boolean {
    if (strategy === undefined) return false;
    return this.#tunnels.some(
      (each) => each.groupStrategy !== undefined && each.groupStrategy !== strategy && each.instance !== instance,
    );
  }

  /** Returns whether `tunnel` was a member. */
  remove(tunnel: Tunnel): boolean {
    const { size } = this;
    this.#tunnels = this.#tunnels.filter((each) => each !== tunnel);
    if (this.size === size) return false;
    this.#shared?.remove(tunnel);
    return true;
  }

  /** Call it when another instance gets the name. */
  replace(): void {
    this.#shared?.clear();
    for (const tunnel of this.#tunnels) tunnel.onReplaced();
  }

  /** Whether a session of `instance` is among the tunnels. */
  has(instance: string): boolean {
    return this.#tunnels.some((each) => each.instance === instance);
  }

  /** The route of the next request; undefined if no client takes requests. */
  route(): UpstreamRoute | undefined {
    const shared = this.#shared;
    if (shared === undefined) return this.pick();
    // A sole client needs no state, unless it takes no requests.
    if (shared.members.length === 1 && shared.members[0]?.weight !== 0) return this.pick();
    return shared.pool.candidates.length === 0 ? undefined : shared;
  }

  /** A tunnel for the next stream. */
  pick(): Tunnel | undefined {
    return this.#balance.pick(this.#tunnels);
  }

  /** A tunnel that could get the next stream. Unlike `pick`, it does not take a turn. */
  peek(): Tunnel | undefined {
    return this.#balance.peek(this.#tunnels);
  }

  /** The tunnel whose client sent the probe `field`. */
  probed(field: string): Tunnel | undefined {
    return this.#tunnels.find(({ id }) => isSigned(field, id));
  }

  /**
   * Detects sessions that are cut off if another session could serve instead. Call it about once a second.
   * @param hasOthers whether something else than a session could
   */
  watch(hasOthers = false): void {
    if (this.#shared !== undefined) {
      this.#shared.sweep();
      this.#report(this.#shared);
    }
    if (this.size > 1 || hasOthers) for (const tunnel of this.#tunnels) tunnel.watch();
  }

  /** From now on, each client has its share of the requests, whatever the number of its sessions. */
  #share(name: string): void {
    this.#shared = new GroupRoute(name, { ...this.#options, strategy: this.strategy }, this.policy);
    for (const each of this.#tunnels) this.#shared.add(each);
  }

  /** Tells the clients how many they are and how they share the requests, if that has changed. */
  #report({ members: { length: members }, strategy }: GroupRoute): void {
    if (this.#reported?.members === members && this.#reported.strategy === strategy) return;
    this.#reported = { members, strategy };
    for (const tunnel of this.#tunnels) tunnel.onGroup(members, strategy);
  }
}
