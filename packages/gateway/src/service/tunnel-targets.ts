import type { Labelled, LabelledTraffic } from "../records/labelled-traffic.js";
import type { Steps } from "../middleware/chain/steps.js";
import type { TargetSource } from "../upstream/pool.js";
import { Target } from "../upstream/target.js";
import type { Upstream } from "../upstream/upstream.js";
import { TunnelTarget, type TunnelUpstream } from "./tunnel-target.js";

const NONE: readonly never[] = [];

export interface TunnelTargetsOptions {
  /** The name of the tunnel. */
  readonly name: string;
  readonly tunnel: TunnelUpstream;
  readonly basePath: string;
  readonly traffic: LabelledTraffic;
  /** Called with each upstream and the traffic that its requests count to. */
  readonly onUsed: (upstream: Upstream, counted: Labelled) => void;
}

/** The target of one client of the tunnel, or of the whole tunnel. */
interface Used {
  readonly target: Target;
  readonly counted: Labelled;
}

/**
 * A target for each client that serves a tunnel together with others; one target for the tunnel if there are none. A
 * client that remains or returns keeps its target.
 */
export class TunnelTargets implements TargetSource {
  readonly #options: TunnelTargetsOptions;
  /** The members for which `#targets` was made; undefined: none was made. */
  #seen: readonly TunnelUpstream[] | undefined;
  #used = new Map<TunnelUpstream, Used>();
  /** The targets of all clients so far, as long as the clients may return. */
  readonly #known = new WeakMap<TunnelUpstream, Target>();
  #isClosed = false;
  #targets: readonly Target[] = NONE;

  constructor(options: TunnelTargetsOptions) {
    this.#options = options;
  }

  get targets(): readonly Target[] {
    const { members = NONE } = this.#options.tunnel;
    if (members !== this.#seen && !this.#isClosed) this.#follow(members);
    return this.#targets;
  }

  /** The steps of the tunnel. */
  get steps(): Steps | undefined {
    return this.#options.tunnel.steps;
  }

  /** Retires idle streams that are too old. Call it about once a second. */
  sweep(now: number): void {
    for (const target of this.targets) target.sweep(now);
  }

  /** There will be no other request. Those in progress continue. */
  close(): void {
    this.#isClosed = true;
    for (const { target, counted } of this.#used.values()) {
      this.#options.traffic.release(counted);
      target.idle.close();
    }
  }

  #follow(members: readonly TunnelUpstream[]): void {
    const before = this.#used;
    const { tunnel } = this.#options;
    const all = members.length === 0 ? [tunnel] : members;
    this.#seen = members;
    this.#used = new Map(all.map((each) => [each, before.get(each) ?? this.#use(each)]));
    this.#targets = [...this.#used.values()].map(({ target }) => target);
    for (const [each, { target, counted }] of before) {
      if (this.#used.has(each)) continue;
      this.#options.traffic.release(counted);
      target.idle.clear(performance.now());
    }
  }

  #use(member: TunnelUpstream): Used {
    const { name, tunnel, basePath, traffic, onUsed } = this.#options;
    const target = this.#known.get(member) ?? new Target(new TunnelTarget(name, tunnel, basePath, member));
    this.#known.set(member, target);
    const counted = traffic.use({ target: target.upstream.name ?? name });
    onUsed(target.upstream, counted);
    return { target, counted };
  }
}
