import type { Balance } from "./candidate.js";
import { FirstAvailable } from "./first-available.js";
import { keyReader, type HashKey } from "./hash-key.js";
import { LeastLoad } from "./least-load.js";
import { LeastTime } from "./least-time.js";
import { RandomOne } from "./random-one.js";
import { RandomTwo } from "./random-two.js";
import { Rendezvous } from "./rendezvous.js";
import { RoundRobin } from "./round-robin.js";
import { SmoothWeighted } from "./smooth-weighted.js";

export interface BalanceOptions {
  readonly strategy: Strategy;
  /** The key of the strategy `hash`. Default: the visitor's address. */
  readonly key?: HashKey | undefined;
  /** Whether all requests of a visitor go to the same target: by its address, or by a cookie. Default: they do not. */
  readonly sticky?: "address" | "cookie" | undefined;
}

/** Every strategy by its name. `isEven`: all candidates always have the same share. */
const STRATEGIES = {
  round_robin: (_, isEven) => (isEven ? new RoundRobin() : new SmoothWeighted()),
  weighted_round_robin: (_, isEven) => (isEven ? new RoundRobin() : new SmoothWeighted()),
  least_connections: () => new LeastLoad(),
  random: () => new RandomOne(),
  random_two: () => new RandomTwo(),
  hash: ({ key = { kind: "address" } }) => new Rendezvous(keyReader(key)),
  first: () => new FirstAvailable(),
  least_time: () => new LeastTime(),
} as const satisfies Record<string, (options: Pick<BalanceOptions, "key">, isEven: boolean) => Balance>;

export type Strategy = keyof typeof STRATEGIES;
export const STRATEGY_NAMES = Object.keys(STRATEGIES) as readonly Strategy[];

/**
 * The policy of a pool, apart from cookies.
 * @param isEven whether all targets always have the same share
 * @throws RangeError for a key that is not valid.
 */
export function createBalance(options: BalanceOptions, isEven: boolean): Balance {
  if (options.sticky === "address") return new Rendezvous(({ address }) => address);
  return STRATEGIES[options.strategy](options, isEven);
}
