import { requireOpenFiles } from "../measure/open-files.ts";
import type { Process } from "../process.ts";
import type { Row } from "../row.ts";
import type { Settings } from "../settings.ts";
import { startGateway } from "../setups/gateway.ts";
import { SMALL, startOrigin } from "../setups/origin.ts";
import { startPostern, type PosternProcess } from "../setups/postern.ts";
import type { Setup } from "../setups/setup.ts";
import type { Stage } from "../stage.ts";
import { idleGrowth, idleLine, type IdleGrowth } from "./idle-growth.ts";

const BAR = 8 * 1024;
const TOGETHER = 64;
/** The time after the last request until the idle streams to the origin are closed (4 s), and a moment more. */
const SETTLE_MS = 6000;

/** A server of visitors, and its client, if there is one. */
interface VisitedServer {
  setup: Setup;
  server: PosternProcess;
  client?: PosternProcess;
}

/** The server's memory for a visitor that has made a request and keeps its connection open. */
export const idleVisitors = row({
  name: "idle-visitors",
  about: "server memory for each of 10,000 idle visitors, each after one request",
  visitors: "idle visitors",
  start: async (stage, settings, origin) => {
    const setup = await startPostern(stage, settings, origin, { server: { inspect: true } });
    return { setup, server: setup.server, client: setup.client };
  },
});

/** The same for `postern serve`. */
export const gatewayIdleVisitors = row({
  name: "gateway-idle-visitors",
  about: "memory of postern serve for each of 10,000 idle visitors, each after one request",
  visitors: "idle visitors of the gateway",
  start: async (stage, settings, origin) => {
    const setup = await startGateway(stage, settings, origin, { inspect: true });
    return { setup, server: setup.gateway };
  },
});

interface RowOptions {
  name: string;
  about: string;
  /** What is counted. */
  visitors: string;
  start: (stage: Stage, settings: Settings, origin: string) => Promise<VisitedServer>;
}

function row({ name, about, visitors, start }: RowOptions): Row {
  return {
    name,
    about,
    needs: ["nginx"],
    limit: (settings) => 60 + settings.rounds * 90,
    run: async (stage, settings) => {
      const count = settings.quick ? 2000 : 10_000;
      requireOpenFiles(count);
      const origin = await startOrigin(stage);
      const rounds: IdleGrowth[] = [];
      for (let round = 0; round < settings.rounds; round++) {
        const { setup, server, client } = await start(stage, settings, origin.address);
        const load = { count, first: 1000, settleMs: SETTLE_MS, hold: (of: number) => hold(stage, setup, of) };
        rounds.push(await idleGrowth(stage, server, load));
        if (client !== undefined) await stage.stop(client.process);
      }
      return [idleLine(`${count.toLocaleString("en")} ${visitors}`, rounds, BAR)];
    },
  };
}

async function hold(stage: Stage, { address, host }: Setup, count: number): Promise<Process> {
  const visitors = stage.script("idle-visitors", { address, host, path: SMALL, count, together: TOGETHER });
  await visitors.report();
  return visitors;
}
