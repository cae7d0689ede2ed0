import { observe } from "../measure/observe.ts";
import { cpuSeconds } from "../measure/process-usage.ts";
import { median, pairedRatio, percentile } from "../measure/statistics.ts";
import { atLeast, figures, line, verdict, type Line, type Row } from "../row.ts";
import { duration, type Settings } from "../settings.ts";
import { milliseconds, ratio, speed } from "../show.ts";
import type { Stage } from "../stage.ts";
import { startNginx } from "../setups/nginx.ts";
import { startOrigin, type Origin } from "../setups/origin.ts";
import { startPostern } from "../setups/postern.ts";
import { interleave, direct, type Setup } from "../setups/setup.ts";
import { smallRequests, startBulk, type BulkOptions } from "./bulk-visitors.ts";
import { quiet } from "./quiet.ts";
import type { Direction } from "./transfer.ts";

const SECONDS = 8;
const BAR_MS = 15;
/** For the ratio of each direction's rate to nginx's: a short delay must not come from starving the transfers. */
const BULK_BAR = 0.5;

/** The delay that large transfers cause for small requests on the same session. */
export const besideBulk: Row = {
  name: "beside-bulk",
  about: "50 small requests/s beside one unlimited download and one unlimited upload on the same session",
  needs: ["nginx"],
  limit: (settings) => 60 + (settings.rounds + 1) * 6 * (duration(settings, SECONDS) + 5),
  run: async (stage, settings) => {
    const origin = await startOrigin(stage);
    const nginx = await startNginx(stage, origin.plain);
    const product = await startPostern(stage, settings, origin.plain);
    // Without a proxy, to measure the delay that the machine itself causes.
    const setups = [product, nginx.yardstick, direct(origin.plain)];
    return compareBeside(stage, settings, setups, origin, {
      seconds: duration(settings, SECONDS),
      flowingBytes: 64e6,
      id: "p99-beside-bulk",
      bars: { milliseconds: BAR_MS, noSlowerThanNginx: true, bulk: BULK_BAR },
      quiet: () => quietProcesses(setups),
    });
  },
};

export interface BesideOptions extends BulkOptions {
  seconds: number;
  /** Resolves when earlier transfers have no work left. */
  quiet: () => Promise<void>;
  /** For the charts. */
  id: string;
  bars: {
    /** For the p99 during the transfers. */
    milliseconds: number;
    /** The p99 must not be above nginx's either. */
    noSlowerThanNginx?: true;
    /** For the ratio of each direction's rate to nginx's. */
    bulk?: number;
  };
  /** Appended to the name of the measure. */
  where?: string;
}

function quietProcesses(setups: Setup[]): Promise<void> {
  const pids = setups.flatMap((setup) => setup.processes.map(({ pid }) => pid));
  const cpu = (): number => pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0);
  return quiet("the processes are still busy", cpu, 0.02);
}

interface Beside {
  alone: number[];
  beside: number[];
  download: number;
  upload: number;
  cpu: number;
}

/** Measures the setups (Postern first, nginx second) alone and during the transfers. */
export async function compareBeside(
  stage: Stage,
  settings: Settings,
  setups: Setup[],
  origin: Origin,
  options: BesideOptions,
): Promise<Line[]> {
  const results = await interleave(setups, settings.rounds, (setup) => round(stage, settings, setup, origin, options));
  const { bars, where = "" } = options;
  const summaries = results.map(summary);
  const [product, yardstick] = summaries as [Summary, Summary];
  const limit = bars.noSlowerThanNginx ? Math.min(bars.milliseconds, yardstick.beside99) : bars.milliseconds;
  const bulk = (direction: Direction): Line => {
    const [ours, theirs] = results.slice(0, 2).map((rounds) => rounds.map((each) => each[direction]));
    const against = pairedRatio(ours!, theirs!);
    return line({
      measure: `${direction} beside small requests${where}`,
      product: speed(product[direction]),
      yardstick: speed(yardstick[direction]),
      ratio: ratio(against),
      ...atLeast(bars.bulk, against.median),
    });
  };
  return [
    line({
      measure: `p99 of small requests during bulk transfers${where}`,
      product: milliseconds(product.beside99),
      yardstick: milliseconds(yardstick.beside99),
      bar: `≤ ${bars.milliseconds} ms${bars.noSlowerThanNginx ? ", ≤ nginx's" : ""}`,
      result: verdict(product.beside99 <= limit),
      cpu: `${product.cpu.toFixed(2)} / ${yardstick.cpu.toFixed(2)} cores`,
      note: summaries.map((each, index) => describe(setups[index]!.name, each)).join("; "),
      charts: [figures(options.id, product.beside99, yardstick.beside99, milliseconds)],
      raw: { setups: setups.map(({ name }) => name), results },
    }),
    bulk("download"),
    bulk("upload"),
  ];
}

async function round(
  stage: Stage,
  settings: Settings,
  setup: Setup,
  origin: Origin,
  options: BesideOptions,
): Promise<Beside> {
  const { seconds, netns } = options;
  await options.quiet();
  const alone = await smallRequests(stage, setup, seconds, netns);
  const bulk = await startBulk(stage, setup, origin, options);
  const { value: beside, cpu } = await observe(setup, settings, "beside-bulk", () =>
    smallRequests(stage, setup, seconds, netns),
  );
  return { alone, beside, cpu: cpu / (seconds + 1), ...(await bulk.stop()) };
}

interface Summary {
  alone50: number;
  alone99: number;
  beside50: number;
  beside99: number;
  download: number;
  upload: number;
  cpu: number;
}

function summary(rounds: Beside[]): Summary {
  const middle = (value: (round: Beside) => number): number => median(rounds.map(value));
  return {
    alone50: middle(({ alone }) => percentile(alone, 50)),
    alone99: middle(({ alone }) => percentile(alone, 99)),
    beside50: middle(({ beside }) => percentile(beside, 50)),
    beside99: middle(({ beside }) => percentile(beside, 99)),
    download: middle(({ download }) => download),
    upload: middle(({ upload }) => upload),
    cpu: middle(({ cpu }) => cpu),
  };
}

function describe(name: string, of: Summary): string {
  return (
    `${name} p50/p99 alone ${milliseconds(of.alone50)}/${milliseconds(of.alone99)}, ` +
    `during transfers ${milliseconds(of.beside50)}/${milliseconds(of.beside99)} ` +
    `with ${speed(of.download)} down and ${speed(of.upload)} up`
  );
}
