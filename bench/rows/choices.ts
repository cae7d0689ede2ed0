import { SocketStream } from "../../packages/net/dist/connection/socket-stream.js";
import { createBalance, STRATEGY_NAMES, type Strategy } from "../../packages/gateway/dist/balance/strategy.js";
import { AddressUpstream } from "../../packages/gateway/dist/upstream/address-upstream.js";
import { PooledTarget } from "../../packages/gateway/dist/upstream/pooled-target.js";
import { Pool } from "../../packages/gateway/dist/upstream/pool.js";
import { Target } from "../../packages/gateway/dist/upstream/target.js";
import { callRate } from "../measure/call-rate.ts";
import { line, verdict, type Line, type Row } from "../row.ts";
import { duration, type Settings } from "../settings.ts";

const SECONDS = 0.25;
const CONTEXTS = 4_096;

/** The most nanoseconds for a choice, by the number of targets. */
const BARS: ReadonlyMap<number, number> = new Map([
  [3, 200],
  [100, 400],
  [1_000, 500],
]);

/** Chooses the targets of requests by each strategy, without the gateway. */
export const choices: Row = {
  name: "choices",
  about: "the choice of a target alone, ns, among 3, 100 and 1,000 targets",
  needs: [],
  limit: (settings) => 60 + BARS.size * STRATEGY_NAMES.length * 4 * duration(settings, SECONDS),
  run: async (_stage, settings) => [...BARS].map(([count, bar]) => measure(settings, count, bar)),
};

function measure(settings: Settings, count: number, bar: number): Line {
  const seconds = duration(settings, SECONDS);
  const all = STRATEGY_NAMES.map((strategy): [Strategy, number] => {
    const choose = chooser(strategy, count);
    callRate(choose, seconds);
    return [strategy, 1e9 / callRate(choose, seconds)];
  });
  const slowest = Math.max(...all.map(([, each]) => each));
  return line({
    measure: `choice among ${count.toLocaleString("en")} targets, the slowest strategy`,
    product: `${slowest.toFixed(0)} ns`,
    bar: `≤ ${bar} ns`,
    result: verdict(slowest <= bar),
    note: all.map(([strategy, each]) => `${strategy} ${each.toFixed(0)} ns`).join(", "),
    raw: Object.fromEntries(all),
  });
}

/** An address to which no connection is made. */
class UndialledUpstream extends AddressUpstream {
  override dial(): SocketStream {
    return new SocketStream(() => () => {});
  }
}

/** Chooses a target for the next of many addresses at each call. */
function chooser(strategy: Strategy, count: number): () => void {
  const isEven = strategy !== "weighted_round_robin";
  const clock = { now: () => performance.now(), after: () => () => {} };
  const targets = Array.from({ length: count }, (_, n) => {
    const upstream = new UndialledUpstream({ address: { host: "10.0.0.1", port: n + 1, tls: false } });
    return new PooledTarget(new Target(upstream), { weight: isEven ? 1 : 1 + (n % 3), clock });
  });
  const pool = new Pool(targets, createBalance({ strategy }, isEven));
  const contexts = Array.from({ length: CONTEXTS }, (_, n) => ({
    address: `10.${n >> 8}.${n & 255}.1`,
    startedAt: 0,
    request: { fieldValue: () => "" },
  }));
  for (const { latency, target } of targets) {
    latency.observe(5, 0);
    // Nobody is idle, so that no strategy can stop at the first target.
    target.open(0);
  }
  let next = 0;
  return () => {
    if (pool.pick(contexts[next]!) === undefined) throw new Error("a pool always has a target");
    next = (next + 1) % CONTEXTS;
  };
}
