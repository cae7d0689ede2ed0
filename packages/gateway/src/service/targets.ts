import type { Labelled, LabelledTraffic } from "../records/labelled-traffic.js";
import type { FinishedRequest } from "../route.js";
import { Target } from "../upstream/target.js";
import type { Upstream } from "../upstream/upstream.js";
import { contentOf } from "./content.js";
import type { TargetOptions } from "./service-options.js";

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
    target.idle.close();
  }

  /** Counts a finished request. Those of targets that no route uses any more are not counted. */
  count(target: Target, request: FinishedRequest): void {
    this.#kept.get(target)?.counted.traffic.count(request);
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
    const target = new Target(this.#upstreamOf(options), options.url);
    const kept = { content, target, counted: this.#traffic.use({ target: options.url }), users: 1 };
    this.#byContent.set(content, kept);
    this.#kept.set(target, kept);
    return target;
  }
}
