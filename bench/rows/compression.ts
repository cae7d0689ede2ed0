import { observe } from "../measure/observe.ts";
import { median, pairedRatio } from "../measure/statistics.ts";
import { wrk } from "../measure/wrk.ts";
import { atLeast, atMost, line, type Line, type Row } from "../row.ts";
import { duration, type Settings } from "../settings.ts";
import { JSON_26K, JSON_LARGE, startCompressing } from "../setups/compression.ts";
import { expectResponse, interleave, type Setup } from "../setups/setup.ts";
import { microseconds, ratio, seconds, speed } from "../show.ts";
import type { Stage } from "../stage.ts";

const SECONDS = 4;
const CONNECTIONS = 64;

/** Compressed responses of one hop, beside nginx with gzip at the same level. */
export const compression: Row = {
  name: "compression",
  about: "26 KB of JSON, and 1 GB, in gzip and zstd through postern serve",
  needs: ["nginx", "wrk"],
  limit: (settings) => 120 + (settings.rounds + 1) * (2 * 80 + 3 * duration(settings, SECONDS)),
  run: async (stage, settings) => {
    const bytes = settings.quick ? 200_000_000 : 1_000_000_000;
    const { product, yardstick } = await startCompressing(stage, settings, bytes);
    return [
      ...(await small(stage, settings, product, yardstick)),
      await large(stage, settings, [product, yardstick], bytes),
    ];
  },
};

/** CPU time for each response of 26 KB. */
async function small(stage: Stage, settings: Settings, product: Setup, yardstick: Setup): Promise<Line[]> {
  const length = duration(settings, SECONDS);
  const ways = [
    { setup: product, coding: "gzip" },
    { setup: product, coding: "zstd" },
    { setup: yardstick, coding: "gzip" },
  ];
  const run = ({ setup, coding }: (typeof ways)[number], time: number): ReturnType<typeof wrk> =>
    wrk(stage, setup, {
      path: JSON_26K,
      connections: CONNECTIONS,
      seconds: time,
      fields: [`Accept-Encoding: ${coding}`],
    });
  for (const way of ways) {
    await expectResponse(way.setup, JSON_26K);
    await run(way, Math.min(2, length));
  }
  const results = await interleave(ways, settings.rounds, async (way) => {
    const { value, cpu } = await observe(way.setup, settings, `compression-${way.coding}`, () => run(way, length));
    return { rate: value.rate, cpu: cpu / value.requests };
  });
  const [gzip, zstd, nginx] = results.map((rounds) => rounds.map(({ cpu }) => cpu)) as [number[], number[], number[]];
  const compared = (coding: string, cpus: number[], bar: number): Line => {
    const against = pairedRatio(cpus, nginx);
    return line({
      measure: `CPU per response, 26 KB of JSON in ${coding}, beside nginx in gzip`,
      product: microseconds(median(cpus)),
      yardstick: microseconds(median(nginx)),
      ratio: ratio(against),
      ...atMost(bar, against.median),
      raw: { results },
    });
  };
  return [compared("gzip", gzip, 1.15), compared("zstd", zstd, 0.5)];
}

/** The rate of one long body, before its compression. */
async function large(stage: Stage, settings: Settings, setups: Setup[], bytes: number): Promise<Line> {
  const results = await interleave(setups, settings.rounds, async (setup) => {
    const { address, host } = setup;
    const { value, cpu } = await observe(setup, settings, "compression-large", () =>
      stage
        .script("compressed-download", { address, host, path: JSON_LARGE, coding: "gzip" })
        .report<{ bytes: number; seconds: number }>(),
    );
    return { rate: bytes / value.seconds, cpu: cpu / (bytes / 1e9), sent: value.bytes };
  });
  const [rates, cpus] = [
    results.map((rounds) => rounds.map(({ rate }) => rate)),
    results.map((rounds) => rounds.map(({ cpu }) => cpu)),
  ];
  const against = pairedRatio(rates[0]!, rates[1]!);
  return line({
    measure: `${bytes / 1e9} GB of JSON in gzip`,
    product: speed(median(rates[0]!)),
    yardstick: speed(median(rates[1]!)),
    ratio: ratio(against),
    ...atLeast(0.9, against.median),
    cpu: `${seconds(median(cpus[0]!))}/GB / ${seconds(median(cpus[1]!))}/GB`,
    raw: { setups: setups.map(({ name }) => name), results },
  });
}
