import { setTimeout as pause } from "node:timers/promises";
import { observe } from "../measure/observe.ts";
import { openFilesLimit, requireOpenFiles } from "../measure/open-files.ts";
import { cpuSeconds } from "../measure/process-usage.ts";
import { median, pairedRatio } from "../measure/statistics.ts";
import { wrk } from "../measure/wrk.ts";
import type { Process } from "../process.ts";
import { atLeast, line, type Row } from "../row.ts";
import { duration } from "../settings.ts";
import { microseconds, milliseconds, perSecond, ratio } from "../show.ts";
import { SMALL, startOrigin } from "../setups/origin.ts";
import { startPostern, type PosternServer } from "../setups/postern.ts";
import type { Stage } from "../stage.ts";

const BAR = 0.95;
const SECONDS = 4;
const CONNECTIONS = 64;
const TUNNELS = 10_000;
/** Processes that hold the tunnels. */
const HOLDERS = 2;
/** Logins at once, in each of them. */
const TOGETHER = 4;
/** The time until the work of the last logins, or of the last disconnects, is done. */
const SETTLE_MS = 2000;
/** The length of the measurement without requests: one heartbeat interval. */
const QUIET_SECONDS = 10;

/** The limits that this many sessions of one owner exceed (docs/limits.md). */
const TABLES = {
  "tunnel.server": { max_tunnels: 2 * TUNNELS },
  "tunnel.server.limits": { max_sessions: 2 * TUNNELS, max_names: 2 * TUNNELS, bind_rate: 1_000_000 },
};

/** The effect of idle tunnels on a busy one. The same processes are measured with and without the idle tunnels. */
export const idleBeside: Row = {
  name: "idle-beside",
  about: `requests/s, ${CONNECTIONS} connections, with and without ${TUNNELS.toLocaleString("en")} idle tunnels`,
  needs: ["nginx", "wrk"],
  limit: (settings) => 120 + settings.rounds * 120,
  run: async (stage, settings) => {
    const tunnels = settings.quick ? 2000 : TUNNELS;
    requireOpenFiles(tunnels);
    const load = { path: SMALL, connections: CONNECTIONS, seconds: duration(settings, SECONDS) };
    const origin = await startOrigin(stage);
    const setup = await startPostern(stage, settings, origin.address, { server: { tables: TABLES } });
    await wrk(stage, setup, load);

    let holders: Process[] = [];
    /** Cores that server, client and holders use while only heartbeats pass. */
    let quiet: number[] | undefined;
    const measure = async (idle: boolean): Promise<Round> => {
      if (idle !== holders.length > 0) {
        if (idle) holders = await hold(stage, setup.server, tunnels);
        else await stage.stop(...holders.splice(0));
        await pause(SETTLE_MS);
      }
      if (idle) quiet ??= await costOf([...setup.processes, ...holders]);
      const { value, cpu } = await observe(setup, settings, "idle-beside", () => wrk(stage, setup, load));
      return { rate: value.rate, p99: value.p99, cpu: cpu / value.requests };
    };
    const results: { without: Round; beside: Round }[] = [];
    // The order changes with every round, so the tunnels are opened in every second round only.
    for (let round = 0; round < settings.rounds; round++) {
      const [first, second] = [await measure(round % 2 === 1), await measure(round % 2 === 0)];
      results.push(round % 2 === 0 ? { without: first, beside: second } : { without: second, beside: first });
    }

    const rates = (of: "without" | "beside"): number[] => results.map((round) => round[of].rate);
    const middle = (of: "without" | "beside", what: keyof Round): number =>
      median(results.map((round) => round[of][what]));
    const against = pairedRatio(rates("beside"), rates("without"));
    return [
      line({
        measure: `requests/s, ${CONNECTIONS} connections, beside ${tunnels.toLocaleString("en")} idle tunnels`,
        product: perSecond(middle("beside", "rate")),
        yardstick: perSecond(middle("without", "rate")),
        ratio: ratio(against),
        ...atLeast(BAR, against.median),
        cpu: `${microseconds(middle("beside", "cpu"))} / ${microseconds(middle("without", "cpu"))}`,
        note:
          `the yardstick is Postern without the idle tunnels; p99 ${milliseconds(middle("beside", "p99"))} and ` +
          `${milliseconds(middle("without", "p99"))}; heartbeats alone use ${cores(quiet![0]!)} of the server, and ` +
          `${cores(sum(quiet!.slice(2)))} of the ${HOLDERS} processes that hold the tunnels; ulimit -n ${openFilesLimit()}`,
        raw: results,
      }),
    ];
  },
};

interface Round {
  rate: number;
  p99: number;
  /** CPU seconds of server and client per request. */
  cpu: number;
}

async function hold(stage: Stage, server: PosternServer, tunnels: number): Promise<Process[]> {
  const settings = { address: server.address, host: "localhost", path: "/connect" };
  const env = { POSTERN_API_KEY: server.otherKey };
  const holders = Array.from({ length: HOLDERS }, () =>
    stage.script("idle-tunnels", { ...settings, count: tunnels / HOLDERS, together: TOGETHER }, { env }),
  );
  await Promise.all(holders.map((holder) => holder.report()));
  return holders;
}

/** The CPU time of each process while nothing but heartbeats happens, in seconds per second. */
async function costOf(processes: Process[]): Promise<number[]> {
  const before = processes.map(({ pid }) => cpuSeconds(pid));
  await pause(QUIET_SECONDS * 1000);
  return processes.map(({ pid }, index) => (cpuSeconds(pid) - before[index]!) / QUIET_SECONDS);
}

function sum(values: number[]): number {
  return values.reduce((all, value) => all + value, 0);
}

function cores(value: number): string {
  return `${value.toFixed(2)} cores`;
}
