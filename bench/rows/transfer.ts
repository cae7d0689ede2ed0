import { observe } from "../measure/observe.ts";
import { median, pairedRatio } from "../measure/statistics.ts";
import { atLeast, figures, line, type Line, type Row } from "../row.ts";
import type { Settings } from "../settings.ts";
import { collectorShare, ratio, seconds, speed } from "../show.ts";
import type { Stage } from "../stage.ts";
import { makeCertificate } from "../setups/certificate.ts";
import { startGateway } from "../setups/gateway.ts";
import { startNginx } from "../setups/nginx.ts";
import { LARGE, SINK, startOrigin } from "../setups/origin.ts";
import { startPlainRelays } from "../setups/plain-relays.ts";
import { startPostern } from "../setups/postern.ts";
import { interleave, direct, type Setup } from "../setups/setup.ts";

export type Direction = "download" | "upload";

/** Through server and client, the same with TLS for visitors and client, or one hop of `postern serve`. */
type TransferKind = "tunnel" | "tls" | "gateway";

/**
 * One large body over one connection.
 *
 * @param bar - For the ratio to nginx's rate.
 */
export function transfer(direction: Direction, bar: number, kind: TransferKind = "tunnel"): Row {
  return {
    name: nameOf(direction, kind),
    about: `1 GB ${direction} over one ${kind === "tls" ? "TLS " : ""}connection${kind === "gateway" ? " of postern serve" : ""}`,
    needs: ["nginx"],
    limit: (settings) => 60 + (settings.rounds + 1) * 60,
    run: (stage, settings) => run(stage, settings, direction, bar, kind),
  };
}

function nameOf(direction: Direction, kind: TransferKind): string {
  if (kind === "gateway") return `gateway-${direction}`;
  return kind === "tls" ? `${direction}-tls` : direction;
}

async function run(
  stage: Stage,
  settings: Settings,
  direction: Direction,
  bar: number,
  kind: TransferKind,
): Promise<Line[]> {
  const secure = kind === "tls";
  const bytes = settings.quick ? 200_000_000 : 1_000_000_000;
  const origin = await startOrigin(stage, { largeBytes: bytes });
  const local = direction === "download" ? origin.address : origin.plain;
  const certificate = secure ? await makeCertificate(stage, settings) : undefined;
  const nginx = await startNginx(stage, local, { certificate });
  const product =
    kind === "gateway"
      ? await startGateway(stage, settings, local, { countCollections: true })
      : await startPostern(stage, settings, local, { server: { certificate }, countCollections: true });
  const setups: Setup[] = [product, nginx.yardstick];
  // The other setups have no TLS.
  if (!secure)
    setups.push(await startPlainRelays(stage, local, kind === "gateway" ? 1 : 2), ...nginx.others, direct(local));
  const path = direction === "download" ? LARGE : SINK;
  for (const setup of setups) await visit(stage, setup, direction, path, bytes);

  const results = await interleave(setups, settings.rounds, async (setup) => {
    const { value, cpu, collector } = await observe(setup, settings, direction, () =>
      visit(stage, setup, direction, path, bytes),
    );
    if (value.bytes !== bytes) throw new Error(`${value.bytes} of ${bytes} bytes arrived through ${setup.name}`);
    const workers = collector.reduce((sum, use) => sum + use.workers, 0) / cpu;
    const markCompacts = collector.reduce((sum, use) => sum + use.markCompacts, 0) / (bytes / 1e9);
    return { rate: bytes / value.seconds, cpu: cpu / (bytes / 1e9), workers, markCompacts };
  });

  const rates = results.map((runs) => runs.map(({ rate }) => rate));
  const cpu = results.map((runs) => median(runs.map((run) => run.cpu)));
  const against = pairedRatio(rates[0]!, rates[1]!);
  const others = setups
    .map(({ name }, index) => `${name} ${speed(median(rates[index]!))} (${seconds(cpu[index]!)}/GB)`)
    .slice(2);
  return [
    line({
      measure: `${bytes / 1e9} GB ${direction}${kind === "tunnel" ? "" : kind === "tls" ? ", TLS" : ", gateway"}`,
      product: speed(median(rates[0]!)),
      yardstick: speed(median(rates[1]!)),
      ratio: ratio(against),
      ...atLeast(bar, against.median),
      cpu: `${seconds(cpu[0]!)}/GB / ${seconds(cpu[1]!)}/GB`,
      collector: collectorShare(
        median(results[0]!.map(({ workers }) => workers)),
        median(results[0]!.map(({ markCompacts }) => markCompacts)),
        "GB",
      ),
      note: others.join(", "),
      charts: [
        figures(`rate-${nameOf(direction, kind)}`, median(rates[0]!), median(rates[1]!), speed),
        figures(`cpu-${nameOf(direction, kind)}`, cpu[0]!, cpu[1]!, seconds),
      ],
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
