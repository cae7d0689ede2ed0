import { observe } from "../measure/observe.ts";
import { median, pairedRatio } from "../measure/statistics.ts";
import { line, verdict, type Line, type Row } from "../row.ts";
import type { Settings } from "../settings.ts";
import { ratio, speed } from "../show.ts";
import type { Stage } from "../stage.ts";
import { makeCertificate } from "../setups/certificate.ts";
import { startNginx } from "../setups/nginx.ts";
import { LARGE, SINK, startOrigin } from "../setups/origin.ts";
import { startPostern } from "../setups/postern.ts";
import { interleave, direct, type Setup } from "../setups/setup.ts";

const BAR = 0.8;

export type Direction = "download" | "upload";

/** One large body over one connection. With `secure`, visitors and client use TLS. */
export function transfer(direction: Direction, secure = false): Row {
  return {
    name: secure ? `${direction}-tls` : direction,
    about: `1 GB ${direction} over one ${secure ? "TLS " : ""}connection`,
    needs: ["nginx"],
    limit: (settings) => 60 + (settings.rounds + 1) * 60,
    run: (stage, settings) => run(stage, settings, direction, secure),
  };
}

async function run(stage: Stage, settings: Settings, direction: Direction, secure: boolean): Promise<Line[]> {
  const bytes = settings.quick ? 200_000_000 : 1_000_000_000;
  const origin = await startOrigin(stage, { largeBytes: bytes });
  const local = direction === "download" ? origin.address : origin.plain;
  const certificate = secure ? await makeCertificate(stage, settings) : undefined;
  const nginx = await startNginx(stage, local, { certificate });
  const product = await startPostern(stage, settings, local, { server: { certificate } });
  // The other setups have no TLS.
  const setups: Setup[] = [product, nginx.yardstick, ...(secure ? [] : [...nginx.others, direct(local)])];
  const path = direction === "download" ? LARGE : SINK;
  for (const setup of setups) await visit(stage, setup, direction, path, bytes);

  const results = await interleave(setups, settings.rounds, async (setup) => {
    const { value, cpu } = await observe(setup, settings, direction, () => visit(stage, setup, direction, path, bytes));
    if (value.bytes !== bytes) throw new Error(`${value.bytes} of ${bytes} bytes arrived through ${setup.name}`);
    return { rate: value.bytes / value.seconds, cpu: cpu / (value.bytes / 1e9) };
  });

  const rates = results.map((runs) => runs.map(({ rate }) => rate));
  const cpu = results.map((runs) => `${median(runs.map((run) => run.cpu)).toFixed(2)} s/GB`);
  const against = pairedRatio(rates[0]!, rates[1]!);
  const others = setups.slice(2).map((setup, index) => `${setup.name} ${speed(median(rates[index + 2]!))}`);
  return [
    line({
      measure: `${bytes / 1e9} GB ${direction}${secure ? ", TLS" : ""}`,
      product: speed(median(rates[0]!)),
      yardstick: speed(median(rates[1]!)),
      ratio: ratio(against),
      ...(secure ? {} : { bar: `≥ ${BAR}`, result: verdict(against.median >= BAR) }),
      cpu: `${cpu[0]} / ${cpu[1]}`,
      note: others.join(", "),
      raw: { setups: setups.map(({ name }) => name), results },
    }),
  ];
}

export interface Moved {
  bytes: number;
  seconds: number;
}

/** Moves one body with one visitor. Returns the bytes that arrived and the time. */
export async function visit(
  stage: Stage,
  setup: Setup,
  direction: Direction,
  path: string,
  length: number,
): Promise<Moved> {
  const { address, host, secure } = setup;
  const what = direction === "download" ? { times: 1 } : { length };
  return stage.script(direction, { address, host, path, secure, ...what }).report<Moved>();
}
