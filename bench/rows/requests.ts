import { observe } from "../measure/observe.ts";
import { median, pairedRatio, type Ratio } from "../measure/statistics.ts";
import { wrk, type WrkLoad } from "../measure/wrk.ts";
import { atLeast, atMost, figures, line, type Figures, type Line, type Row } from "../row.ts";
import { duration, type Settings } from "../settings.ts";
import { collectorShare, microseconds, milliseconds, perSecond, ratio } from "../show.ts";
import type { Stage } from "../stage.ts";
import { makeCertificate } from "../setups/certificate.ts";
import { startGateway } from "../setups/gateway.ts";
import { startNginx } from "../setups/nginx.ts";
import { SMALL, startOrigin } from "../setups/origin.ts";
import { startPlainRelays } from "../setups/plain-relays.ts";
import { startPostern } from "../setups/postern.ts";
import { startPrototype } from "../setups/prototype.ts";
import { expectResponse, interleave, type Setup } from "../setups/setup.ts";

const SECONDS = 4;
/** Connections that warm up the setups. */
const WARM_UP = 64;
const PER = 1_000_000;

export interface RequestsOptions {
  connections: number;
  /** Visitors and client use TLS. */
  secure?: boolean;
  /** One hop, `postern serve`, instead of server and client. */
  gateway?: boolean;
  /** Every request uses a new connection. */
  newConnections?: boolean;
  /** Bars for the ratios to nginx of requests/s, CPU per request, and p99. */
  bars: { rate?: number; cpu?: number; p99?: number };
}

/** Requests per second with this many requests at a time, their latency, and their CPU time. */
export function requests(options: RequestsOptions): Row {
  return {
    name: nameOf(options),
    about: `requests/s and latency, 130-byte response, ${kindOf(options)}`,
    needs: ["nginx", "wrk"],
    limit: (settings) => 60 + (settings.rounds + 2) * 3 * (duration(settings, SECONDS) + 2),
    run: (stage, settings) => run(stage, settings, options),
  };
}

function nameOf({ connections, secure, newConnections, gateway }: RequestsOptions): string {
  return `${gateway === true ? "gateway-" : ""}requests${newConnections === true ? "-new" : ""}-${connections}${secure === true ? "-tls" : ""}`;
}

function kindOf({ gateway, ...options }: RequestsOptions): string {
  return gateway === true ? `gateway, ${connectionsOf(options)}` : connectionsOf(options);
}

function connectionsOf({ connections, secure, newConnections }: RequestsOptions): string {
  if (newConnections === true) return `new connection for each, ${connections} at a time`;
  return `${connections} ${secure === true ? "TLS " : ""}connection${connections === 1 ? "" : "s"}`;
}

/** One round of one setup. */
interface Round {
  rate: number;
  /** CPU seconds per request. */
  cpu: number;
  p50: number;
  p99: number;
  /** Shares of the CPU time of all threads, and mark-compacts per million requests. */
  workers: number;
  markCompacts: number;
}

async function run(stage: Stage, settings: Settings, options: RequestsOptions): Promise<Line[]> {
  const { connections, newConnections = false } = options;
  const load: WrkLoad = { path: SMALL, connections, newConnections, seconds: duration(settings, SECONDS) };
  const setups = await open(stage, settings, options);
  for (const setup of setups) {
    await expectResponse(setup, SMALL);
    // V8 has compiled everything after some ten thousand requests: with one connection, that takes several seconds.
    for (const at of [WARM_UP, connections])
      await wrk(stage, setup, { ...load, connections: at, seconds: Math.min(2, load.seconds) });
  }
  const results = await interleave(setups, settings.rounds, async (setup): Promise<Round> => {
    const { value, cpu, collector } = await observe(setup, settings, nameOf(options), () => wrk(stage, setup, load));
    const { requests: count, rate, p50, p99 } = value;
    const workers = collector.reduce((sum, use) => sum + use.workers, 0) / cpu;
    const markCompacts = (collector.reduce((sum, use) => sum + use.markCompacts, 0) / count) * PER;
    return { rate, cpu: cpu / count, p50, p99, workers, markCompacts };
  });
  const [product, yardstick, ...others] = results as [Round[], Round[], ...Round[][]];
  const raw = { setups: setups.map(({ name }) => name), results };
  const lines = compare(options, product, yardstick, raw);
  const { measure } = lines[0]!;
  return [...lines, ...others.map((rounds, index) => otherLine(measure, setups[index + 2]!.name, rounds, yardstick))];
}

/** Postern, nginx, without TLS as many plain relays as Postern has processes, and perhaps the prototype. */
async function open(stage: Stage, settings: Settings, { secure, gateway }: RequestsOptions): Promise<Setup[]> {
  const origin = await startOrigin(stage);
  const certificate = secure === true ? await makeCertificate(stage, settings) : undefined;
  const setups: Setup[] = [
    gateway === true
      ? await startGateway(stage, settings, origin.address, { countCollections: true })
      : await startPostern(stage, settings, origin.address, { server: { certificate }, countCollections: true }),
    (await startNginx(stage, origin.address, { certificate })).yardstick,
  ];
  if (secure !== true) setups.push(await startPlainRelays(stage, origin.address, gateway === true ? 1 : 2));
  if (settings.prototype) setups.push(await startPrototype(stage, settings.prototype, origin.address));
  return setups;
}

function compare(options: RequestsOptions, product: Round[], yardstick: Round[], raw: unknown): Line[] {
  const { bars } = options;
  const kind = kindOf(options);
  const middle = (rounds: Round[], of: keyof Round): number => median(rounds.map((round) => round[of]));
  const figuresOf = (of: "rate" | "p99" | "cpu", show: (value: number) => string): Figures =>
    figures(`${of}-${nameOf(options)}`, middle(product, of), middle(yardstick, of), show);
  const rate = figuresOf("rate", perSecond);
  const p99 = figuresOf("p99", milliseconds);
  const cpu = figuresOf("cpu", microseconds);
  const against = {
    rate: paired(product, yardstick, "rate"),
    p99: paired(product, yardstick, "p99"),
    cpu: paired(product, yardstick, "cpu"),
  };
  const lines = [
    line({
      measure: `requests/s, ${kind}`,
      product: rate.product.shown,
      yardstick: rate.yardstick.shown,
      ratio: ratio(against.rate),
      ...atLeast(bars.rate, against.rate.median),
      cpu: `${cpu.product.shown} / ${cpu.yardstick.shown}`,
      collector: collectorShare(middle(product, "workers"), middle(product, "markCompacts"), "million"),
      charts: [rate, cpu],
      raw,
    }),
    line({
      measure: `p99, ${kind}`,
      product: p99.product.shown,
      yardstick: p99.yardstick.shown,
      ratio: ratio(against.p99),
      ...atMost(bars.p99, against.p99.median),
      note: `p50 ${milliseconds(middle(product, "p50"))}, nginx ${milliseconds(middle(yardstick, "p50"))}`,
      charts: [p99],
    }),
  ];
  if (bars.cpu !== undefined)
    lines.push(
      line({
        measure: `CPU per request, ${kind}`,
        product: cpu.product.shown,
        yardstick: cpu.yardstick.shown,
        ratio: ratio(against.cpu),
        ...atMost(bars.cpu, against.cpu.median),
        ...(options.gateway === true ? {} : { note: "Postern: server and client together" }),
      }),
    );
  return lines;
}

/** Another setup beside nginx, without a bar. */
function otherLine(measure: string, name: string, other: Round[], yardstick: Round[]): Line {
  const middle = (of: keyof Round): number => median(other.map((round) => round[of]));
  const p99 = paired(other, yardstick, "p99");
  return line({
    measure: `${measure}: ${name}`,
    product: perSecond(middle("rate")),
    yardstick: perSecond(median(yardstick.map(({ rate }) => rate))),
    ratio: ratio(paired(other, yardstick, "rate")),
    cpu: microseconds(middle("cpu")),
    note: `p50 ${milliseconds(middle("p50"))}, p99 ${milliseconds(middle("p99"))}, p99 beside nginx ${ratio(p99)}`,
  });
}

function paired(one: Round[], other: Round[], of: keyof Round): Ratio {
  return pairedRatio(
    one.map((round) => round[of]),
    other.map((round) => round[of]),
  );
}
