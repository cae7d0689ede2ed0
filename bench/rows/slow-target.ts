import { median, pairedRatio, percentile } from "../measure/statistics.ts";
import { atMost, line, type Line, type Row } from "../row.ts";
import { duration, type Settings } from "../settings.ts";
import { startGateway } from "../setups/gateway.ts";
import { SMALL, startSmallOrigins } from "../setups/origin.ts";
import { expectResponse, interleave, type Setup } from "../setups/setup.ts";
import { milliseconds, ratio } from "../show.ts";
import type { Stage } from "../stage.ts";

const SECONDS = 4;
const STRATEGIES = ["least_time", "least_connections"];
/** Requests a second: hardly any in progress, and several. wrk is no measure here, see `WrkResult`. */
const RATES = [200, 2_000];
/** Milliseconds by which the slow target is slower. */
const DELAY = 30;
const BAR = 2;

/** The latency of requests through a gateway with three targets, one of them slow, beside the two others alone. */
export const slowTarget: Row = {
  name: "slow-target",
  about: "p99 of postern serve with one slow target of three, by least_time and least_connections",
  needs: [],
  limit: (settings) =>
    60 + STRATEGIES.length * (settings.rounds + 1) * RATES.length * 2 * (duration(settings, SECONDS) + 2),
  run: async (stage, settings) => {
    const lines: Line[] = [];
    for (const strategy of STRATEGIES) lines.push(...(await measure(stage, settings, strategy)));
    return lines;
  },
};

async function measure(stage: Stage, settings: Settings, strategy: string): Promise<Line[]> {
  const origins = await startSmallOrigins(stage, [0, 0, DELAY]);
  const gateway = (name: string, count: number): ReturnType<typeof startGateway> =>
    startGateway(stage, settings, origins.slice(0, count), { strategy, name });
  const setups = [await gateway("with a slow target", 3), await gateway("without it", 2)];
  const seconds = duration(settings, SECONDS);
  const lines: Line[] = [];
  for (const rate of RATES) {
    for (const setup of setups) await expectResponse(setup, SMALL);
    const results = await interleave(setups, settings.rounds, (setup) => p99(stage, setup, rate, seconds));
    const [slow, fast] = results as [number[], number[]];
    const against = pairedRatio(slow, fast);
    lines.push(
      line({
        measure: `p99 with one slow target of three, ${strategy}, ${rate.toLocaleString("en")} requests/s`,
        product: milliseconds(median(slow)),
        yardstick: milliseconds(median(fast)),
        ratio: ratio(against),
        ...atMost(BAR, against.median),
        note: "beside the same gateway without the slow target",
        raw: { setups: setups.map(({ name }) => name), results },
      }),
    );
  }
  await stage.stop(...setups.flatMap(({ processes }) => processes));
  return lines;
}

/** That of requests at a steady rate, in milliseconds. In its first second, the gateway learns the times of targets. */
async function p99(stage: Stage, { address, host }: Setup, rate: number, seconds: number): Promise<number> {
  const visitor = stage.script("small", { address, host, path: SMALL, rate, seconds });
  const { latencies } = await visitor.report<{ latencies: number[] }>();
  await visitor.exited;
  return percentile(latencies, 99);
}
