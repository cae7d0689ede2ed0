import { ratioInterval, type RatioInterval } from "../measure/ratio-interval.ts";
import { median } from "../measure/statistics.ts";
import { line, verdict, type Line } from "../row.ts";
import type { Settings } from "../settings.ts";
import type { Samples } from "./compare-builds.ts";

/** The maximum cost of the current build, relative to the other build. */
const BAR = 1.03;
const MIN_ROUNDS = 20;
const MIN_PAIRS = 3;

/**
 * One line of the table: the medians of all rounds, the paired ratio, and the same ratio of two setups of the same
 * build. With too few rounds there is no verdict.
 */
export function summary(
  measure: string,
  samples: Samples<number>,
  settings: Settings,
  show: (value: number) => string,
): Line {
  const [against, current, repeat] = [samples.against.flat(), samples.current.flat(), samples.repeat.flat()];
  const ratio = ratioInterval(current, against);
  const pairs = samples.current.map((rounds, pair) => ratioInterval(rounds, samples.against[pair]!).median.toFixed(3));
  const enough = settings.rounds >= MIN_ROUNDS && settings.pairs >= MIN_PAIRS;
  return line({
    measure,
    product: show(median(current)),
    yardstick: show(median(against)),
    ratio: describe(ratio),
    noise: describe(ratioInterval(repeat, against)),
    bar: `≤ ${BAR}`,
    result: enough ? verdict(isWithin(ratio)) : "",
    note: `medians of the pairs ${pairs.join(", ")}`,
    raw: samples,
  });
}

/** Whether the current build costs no more, as far as the interval shows: it ends within the limit, or includes 1. */
export function isWithin({ low, high }: RatioInterval): boolean {
  return high <= BAR || low <= 1;
}

export function describe({ median: middle, low, high }: RatioInterval): string {
  return `${middle.toFixed(3)} (${low.toFixed(3)}–${high.toFixed(3)})`;
}
