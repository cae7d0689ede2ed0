import type { Labelled, LabelledTraffic } from "../records/labelled-traffic.js";
import type { FinishedRequest } from "../route.js";
import { Target } from "../upstream/target.js";
import type { Upstream } from "../upstream/upstream.js";
import { contentOf } from "./content.js";
import type { TargetOptions } from "./service-options.js";
import { TunnelTarget } from "./tunnel-target.js";

interface Kept {
  readonly content: string;
  readonly target: Target;
  /** The traffic of its label. Targets that differ only in their TLS options share one. */
  readonly counted: Labelled;
  /** Routes that use it. */
  users: number;
}

/**
 * The targets of all routes, by their content. Routes that name the same target share it and its connections, and a
 * reload keeps it. Targets that differ in their TLS options share no connection.
 */
export class Targets {
  readonly #upstreamOf: (options: TargetOptions) => Upstream;
  readonly #traffic: LabelledTraffic;
  readonly #byContent = new Map<string, Kept>();
  readonly #kept = new Map<Target, Kept>();
  /** One of the targets with each name. */
  readonly #byName = new Map<string, Kept>();

  /** @param upstreamOf makes the upstream of a target that no route uses yet */
  constructor(upstreamOf: (options: TargetOptions) => Upstream, traffic: LabelledTraffic) {
    this.#upstreamOf = upstreamOf;
    this.#traffic = traffic;
  }

  get all(): Iterable<Target> {
    return this.#kept.keys();
  }

  /** The targets with these options, until each of them is released. @throws as `upstreamOf`, and then none is used. */
  use(all: readonly TargetOptions[]): Target[] {
    const used: Target[] = [];
    try {
      for (const options of all) used.push(this.#use(options));
      return used;
    } catch (error) {
      for (const target of used) this.release(target);
      throw error;
    }
  }

  /** Call it once for every use. The last one closes the idle connections; requests in progress continue. */
  release(target: Target): void {
    const kept = this.#kept.get(target);
    if (kept === undefined || --kept.users > 0) return;
    this.#byContent.delete(kept.content);
    this.#kept.delete(target);
    this.#traffic.release(kept.counted);
    this.#byName.delete(nameOf(target));
    // Targets that differ in their TLS options have the same name.
    for (const each of this.#kept.values())
      if (nameOf(each.target) === nameOf(target)) this.#byName.set(nameOf(target), each);
    target.idle.close();
  }

  /** Counts a finished request, and reports it to the tunnel if it went to one. */
  onFinished(request: FinishedRequest): void {
    // Requests to a target that no route uses any more are not counted.
    const kept = request.target === undefined ? undefined : this.#byName.get(request.target);
    if (kept === undefined) return;
    kept.counted.traffic.count(request);
    if (kept.target.upstream instanceof TunnelTarget) kept.target.upstream.onFinished(request);
  }

  /** Retires idle connections that are too old. Call it about once a second. */
  sweep(now: number): void {
    for (const target of this.#kept.keys()) target.idle.sweep(now);
  }

  #use(options: TargetOptions): Target {
    const content = contentOf(options);
    const known = this.#byContent.get(content);
    if (known !== undefined) {
      known.users++;
      return known.target;
    }
    const target = new Target(this.#upstreamOf(options));
    const name = nameOf(target);
    const kept = { content, target, counted: this.#traffic.use({ target: name }), users: 1 };
    this.#byContent.set(content, kept);
    this.#kept.set(target, kept);
    this.#byName.set(name, kept);
    return target;
  }
}

/** The name of a target in logs, status and metrics. */
export function nameOf({ upstream }: Target): string {
  return upstream.name ?? "";
}
