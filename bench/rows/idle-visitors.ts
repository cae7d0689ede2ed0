import { requireOpenFiles } from "../measure/open-files.ts";
import type { Process } from "../process.ts";
import type { Row } from "../row.ts";
import { SMALL, startOrigin } from "../setups/origin.ts";
import { startGateway } from "../setups/gateway.ts";
import { startPostern } from "../setups/postern.ts";
import type { Setup } from "../setups/setup.ts";
import type { Stage } from "../stage.ts";
import { idleGrowth, idleLine, type IdleGrowth } from "./idle-growth.ts";

const BAR = 8 * 1024;
const TOGETHER = 64;
/** The time after the last request until the idle streams to the origin are closed (4 s), and a moment more. */
const SETTLE_MS = 6000;

/** The server's memory for a visitor that has made a request and keeps its connection open. */
export const idleVisitors: Row = {
  name: "idle-visitors",
  about: "server memory for each of 10,000 idle visitors, each after one request",
  needs: ["nginx"],
  limit: (settings) => 60 + settings.rounds * 90,
  run: async (stage, settings) => {
    const count = settings.quick ? 2000 : 10_000;
    requireOpenFiles(count);
    const origin = await startOrigin(stage);
    const rounds: IdleGrowth[] = [];
    for (let round = 0; round < settings.rounds; round++) {
      const setup = await startPostern(stage, settings, origin.address, { server: { inspect: true } });
      const load = { count, first: 1000, settleMs: SETTLE_MS, hold: (of: number) => hold(stage, setup, of) };
      rounds.push(await idleGrowth(stage, setup.server, load));
      await stage.stop(setup.client.process);
    }
    return [idleLine(`${count.toLocaleString("en")} idle visitors`, rounds, BAR)];
  },
};

/** The same for `postern serve`. */
export const gatewayIdleVisitors: Row = {
  name: "gateway-idle-visitors",
  about: "memory of postern serve for each of 10,000 idle visitors, each after one request",
  needs: ["nginx"],
  limit: (settings) => 60 + settings.rounds * 90,
  run: async (stage, settings) => {
    const count = settings.quick ? 2000 : 10_000;
    requireOpenFiles(count);
    const origin = await startOrigin(stage);
    const rounds: IdleGrowth[] = [];
    for (let round = 0; round < settings.rounds; round++) {
      const setup = await startGateway(stage, settings, origin.address, { inspect: true });
      const load = { count, first: 1000, settleMs: SETTLE_MS, hold: (of: number) => hold(stage, setup, of) };
      rounds.push(await idleGrowth(stage, setup.gateway, load));
    }
    return [idleLine(`${count.toLocaleString("en")} idle visitors of the gateway`, rounds, BAR)];
  },
};

async function hold(stage: Stage, { address, host }: Setup, count: number): Promise<Process> {
  const visitors = stage.script("idle-visitors", { address, host, path: SMALL, count, together: TOGETHER });
  await visitors.report();
  return visitors;
}
