import { readQualities } from "../../negotiation/accept-encoding.js";
import type { CodingName } from "./coding.js";

/** Which codings a visitor accepts. */
export interface Wishes {
  /** Those that are offered too, the best one first. */
  readonly codings: readonly CodingName[];
  /** Whether it does not accept a body without a coding. */
  readonly refusesIdentity: boolean;
}

/** The visitor wants the body as it is. */
export const NO_WISHES: Wishes = { codings: [], refusesIdentity: false };

/** By the time that they take, the shortest first. */
const BY_COST: readonly CodingName[] = ["zstd", "br", "gzip"];
/** By how many clients understand them. For `*`, which clients send that know hardly any. */
const BY_AGE: readonly CodingName[] = ["gzip", "br", "zstd"];
/** Values whose result is kept. Browsers of one version all send the same value. */
const MOST_KEPT = 64;
const LONGEST_KEPT = 128;

/** Chooses among the codings that a route offers. */
export class CodingChoice {
  readonly #offered: ReadonlySet<CodingName>;
  readonly #kept = new Map<string, Wishes>();

  constructor(offered: Iterable<CodingName>) {
    this.#offered = new Set(offered);
  }

  /** Values whose result is kept. */
  get kept(): number {
    return this.#kept.size;
  }

  /** @param value of Accept-Encoding; empty without the field. A malformed field accepts no coding. */
  wishesOf(value: string): Wishes {
    if (value === "") return NO_WISHES;
    const kept = this.#kept.get(value);
    if (kept !== undefined) return kept;
    const wishes = this.#read(value);
    if (value.length > LONGEST_KEPT) return wishes;
    if (this.#kept.size >= MOST_KEPT) this.#kept.clear();
    this.#kept.set(value, wishes);
    return wishes;
  }

  #read(value: string): Wishes {
    const qualities = readQualities(value);
    if (qualities === undefined) return NO_WISHES;
    const rest = qualities.get("*") ?? 0;
    const qualityOf = (name: CodingName): number => qualities.get(name) ?? rest;
    const identity = qualities.get("identity") ?? 0;
    const offered = (name: CodingName): boolean =>
      this.#offered.has(name) && qualityOf(name) > 0 && qualityOf(name) >= identity;
    const named = BY_COST.filter((name) => qualities.has(name) && offered(name));
    const others = BY_AGE.filter((name) => !qualities.has(name) && offered(name));
    return {
      codings: [...named, ...others].toSorted((one, other) => qualityOf(other) - qualityOf(one)),
      refusesIdentity: (qualities.get("identity") ?? qualities.get("*")) === 0,
    };
  }
}
