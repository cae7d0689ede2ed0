import type { Labelled, LabelledTraffic } from "../records/labelled-traffic.js";
import { RequestRate } from "../records/request-rate.js";
import type { FinishedRequest } from "../route.js";
import { ResolvedTargets } from "../upstream/resolved-targets.js";
import { Target } from "../upstream/target.js";
import type { Upstream } from "../upstream/upstream.js";
import { contentOf } from "../content.js";
import type { TargetOptions, WeightedTarget } from "./service-options.js";
import { parseTarget } from "./target-address.js";
import { targetUpstream, tunnelOf, type UpstreamSources } from "./target-upstream.js";
import { TunnelTarget } from "./tunnel-target.js";
import { TunnelTargets } from "./tunnel-targets.js";

/** A configured target: one, or one for each address of its name or each client of its tunnel. */
export type Member = Target | ResolvedTargets | TunnelTargets;

interface Kept {
  readonly content: string;
  readonly member: Member;
  /**
   * The traffic of its label. Targets that differ only in their TLS options or times share one. Undefined: each of its
   * targets has its own.
   */
  readonly counted: Labelled | undefined;
  /** Routes that use it. */
  users: number;
}

/** What is counted for the requests to one upstream. */
interface Served {
  readonly counted: Labelled;
  readonly rate: RequestRate;
}

/**
 * The targets of all routes, by their content. Routes that name the same target share it and its connections, and a
 * reload keeps it. Targets that differ in their TLS options or times share no connection.
 */
export class Targets {
  readonly #sources: UpstreamSources;
  readonly #traffic: LabelledTraffic;
  readonly #byContent = new Map<string, Kept>();
  readonly #kept = new Map<Member, Kept>();
  /** By upstream, also after the release: requests may still be in progress. */
  readonly #served = new WeakMap<Upstream, Served>();

  constructor(sources: UpstreamSources, traffic: LabelledTraffic) {
    this.#sources = sources;
    this.#traffic = traffic;
  }

  /**
   * The targets with these options, until each is released.
   * @throws RangeError as `targetUpstream`, and then none is used.
   */
  use(all: readonly WeightedTarget[]): Member[] {
    const used: Member[] = [];
    try {
      for (const options of all) used.push(this.#use(withoutWeight(options)));
      return used;
    } catch (error) {
      for (const member of used) this.release(member);
      throw error;
    }
  }

  /** Call it once for every use. The last one closes the idle connections; requests in progress continue. */
  release(member: Member): void {
    const kept = this.#kept.get(member);
    if (kept === undefined || --kept.users > 0) return;
    this.#byContent.delete(kept.content);
    this.#kept.delete(member);
    if (kept.counted !== undefined) this.#traffic.release(kept.counted);
    if (member instanceof Target) member.idle.close();
    else member.close();
  }

  /** Counts a finished request, and reports it to the tunnel if it went to one. */
  onFinished(request: FinishedRequest): void {
    const { upstream } = request;
    if (upstream === undefined) return;
    const served = this.#served.get(upstream);
    served?.counted.traffic.count(request);
    served?.rate.count(request.endedAt);
    if (upstream instanceof TunnelTarget) upstream.onFinished(request);
  }

  /** Finished requests to an upstream per second, of all routes. */
  rateOf(upstream: Upstream, now: number): number {
    return this.#served.get(upstream)?.rate.perSecond(now) ?? 0;
  }

  /**
   * Retires idle connections that are too old, rechecks targets that are down, and resolves names again. Call it about
   * once a second.
   */
  sweep(now: number): void {
    for (const { member } of this.#kept.values()) member.sweep(now);
  }

  #use(options: TargetOptions): Member {
    const content = contentOf(options);
    const known = this.#byContent.get(content);
    if (known !== undefined) {
      known.users++;
      return known.member;
    }
    const tunnel = this.#tunnelOf(options);
    if (tunnel !== undefined) return this.#keep(content, tunnel, undefined);
    let counted: Labelled | undefined;
    const create = (address?: string): Target => {
      const upstream = targetUpstream(options, this.#sources, address);
      if (counted !== undefined) this.#serve(upstream, counted);
      return new Target(upstream);
    };
    const host = hostToResolve(options);
    const member = host === undefined ? create() : new ResolvedTargets({ host, create });
    const [label, first] = member instanceof Target ? [nameOf(member), [member]] : [options.url, member.targets];
    counted = this.#traffic.use({ target: label });
    for (const { upstream } of first) this.#serve(upstream, counted);
    return this.#keep(content, member, counted);
  }

  #keep(content: string, member: Member, counted: Labelled | undefined): Member {
    const kept: Kept = { content, member, counted, users: 1 };
    this.#byContent.set(content, kept);
    this.#kept.set(member, kept);
    return member;
  }

  #tunnelOf({ url }: TargetOptions): TunnelTargets | undefined {
    const target = parseTarget(url);
    if (target.kind !== "tunnel") return undefined;
    const { name, basePath } = target;
    const tunnel = tunnelOf(url, name, this.#sources);
    const onUsed = (upstream: Upstream, counted: Labelled): void => this.#serve(upstream, counted);
    return new TunnelTargets({ name, tunnel, basePath, traffic: this.#traffic, onUsed });
  }

  #serve(upstream: Upstream, counted: Labelled): void {
    this.#served.set(upstream, { counted, rate: new RequestRate() });
  }
}

/** The weight belongs to the route: another weight makes no other target. */
function withoutWeight({ url, resolve, connectTimeout, trust }: WeightedTarget): TargetOptions {
  return { url, resolve, connectTimeout, trust };
}

/** The name of a target in logs, status and metrics. */
export function nameOf({ upstream }: Pick<Target, "upstream">): string {
  return upstream.name ?? "";
}

/** The host whose addresses are targets of their own; undefined: there is one target. */
function hostToResolve({ url, resolve }: TargetOptions): string | undefined {
  const target = parseTarget(url);
  if (resolve !== "all" || target.kind === "tunnel" || "socketPath" in target.address) return undefined;
  return target.address.host;
}
