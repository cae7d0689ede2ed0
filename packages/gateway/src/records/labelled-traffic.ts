import { Traffic } from "./traffic.js";

/** The traffic of one combination of labels. */
export interface Labelled {
  readonly labels: Readonly<Record<string, string>>;
  /** Do not cache it: when the labels are dropped, this becomes the traffic of the rest. */
  readonly traffic: Traffic;
}

interface Entry extends Labelled {
  readonly key: string;
  traffic: Traffic;
  /** How many parts of the program count here. */
  users: number;
}

/**
 * Traffic by labels, for at most `limit` combinations. When there are more, one that is no longer in use is added to
 * the rest; if all are in use, the new one is counted with the rest. Sums over all labels therefore never decrease.
 */
export class LabelledTraffic {
  readonly #limit: number;
  readonly #rest: Entry;
  readonly #entries = new Map<string, Entry>();
  /** Those that are not in use, the one that has not been used for the longest time first. */
  readonly #unused = new Map<string, Entry>();

  /** @param rest the labels of the rest. */
  constructor(limit: number, rest: Labelled["labels"]) {
    this.#limit = limit;
    this.#rest = { key: keyOf(rest), labels: rest, traffic: new Traffic(), users: 0 };
  }

  /** The traffic of `labels`, until `release`. */
  use(labels: Labelled["labels"]): Labelled {
    const key = keyOf(labels);
    // An owner may have the name of the rest.
    if (key === this.#rest.key) return this.#rest;
    const entry = this.#entries.get(key) ?? this.#create(key, labels);
    entry.users++;
    this.#unused.delete(key);
    return entry;
  }

  /** Call it once for every `use`. */
  release(used: Labelled): void {
    const entry = used as Entry;
    if (entry !== this.#rest && --entry.users === 0) this.#unused.set(entry.key, entry);
  }

  /** All combinations of labels with their traffic. The rest is last. */
  *all(): Generator<Labelled> {
    yield* this.#entries.values();
    yield this.#rest;
  }

  #create(key: string, labels: Labelled["labels"]): Entry {
    if (this.#entries.size >= this.#limit && !this.#dropUnused()) return this.#rest;
    const entry: Entry = { key, labels, traffic: new Traffic(), users: 0 };
    this.#entries.set(key, entry);
    return entry;
  }

  /** Returns whether there is room now. */
  #dropUnused(): boolean {
    const [oldest] = this.#unused.values();
    if (oldest === undefined) return false;
    this.#unused.delete(oldest.key);
    this.#entries.delete(oldest.key);
    this.#rest.traffic.add(oldest.traffic);
    oldest.traffic = this.#rest.traffic;
    return true;
  }
}

function keyOf(labels: Labelled["labels"]): string {
  return JSON.stringify(Object.values(labels));
}
