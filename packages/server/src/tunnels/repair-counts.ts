import type { ResponseRepair } from "@postern/gateway";

/** How often responses of one tunnel were repaired, by what was wrong with them. */
export class RepairCounts {
  /** Undefined while nothing was repaired, as in most tunnels. */
  #counts: Map<ResponseRepair, number> | undefined;
  #unreported: ResponseRepair[] = [];

  add(repairs: Iterable<ResponseRepair>): void {
    const counts = (this.#counts ??= new Map());
    for (const repair of repairs) {
      const count = counts.get(repair) ?? 0;
      if (count === 0) this.#unreported.push(repair);
      counts.set(repair, count + 1);
    }
  }

  /** The kinds that were counted for the first time since the last call. */
  takeNew(): readonly ResponseRepair[] {
    const taken = this.#unreported;
    this.#unreported = [];
    return taken;
  }

  /** The counts as fields of a log line; undefined if nothing was repaired. */
  get totals(): Record<string, number> | undefined {
    return this.#counts && Object.fromEntries(this.#counts);
  }
}
