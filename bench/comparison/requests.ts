import { setTimeout as pause } from "node:timers/promises";
import { threadSeconds } from "../measure/process-usage.ts";
import type { Row } from "../row.ts";
import { microseconds } from "../show.ts";
import { SMALL, startOrigin } from "../setups/origin.ts";
import { startPostern } from "../setups/postern.ts";
import type { Setup } from "../setups/setup.ts";
import type { Stage } from "../stage.ts";
import { compareBuilds, type Subject } from "./compare-builds.ts";
import { summary } from "./summary.ts";

const BURST_MS = 200;
/** Compiles the hot code before anything is measured. */
const WARM_UP_MS = 1500;
/**
 * The time after a burst in which its remaining work, such as a garbage collection, is still counted, in milliseconds.
 */
const SETTLE_MS = 20;

/** CPU time of server and client per request, in bursts over connections that stay open. */
export function compareRequests(connections: number, against: string): Row {
  const plural = connections === 1 ? "" : "s";
  return {
    name: `requests-${connections}`,
    about: `CPU of server and client per request, ${connections} connection${plural}, against ${against}`,
    needs: ["nginx"],
    limit: ({ pairs, rounds }) => 60 + pairs * (60 + rounds * 3),
    run: async (stage, settings) => {
      const origin = await startOrigin(stage);
      const samples = await compareBuilds(settings, against, settings.rounds, async (build) =>
        openBursts(stage, await startPostern(stage, build, origin.address), connections),
      );
      return [summary(`CPU per request, ${connections} connection${plural}`, samples, settings, microseconds)];
    },
  };
}

/** A setup that is measured in bursts of requests. */
export async function openBursts(stage: Stage, setup: Setup, connections: number): Promise<Subject<number>> {
  const { address, host, processes } = setup;
  const visitor = stage.script("bursts", { address, host, path: SMALL, connections });
  await visitor.report();
  const burst = async (milliseconds: number): Promise<number> => {
    visitor.send({ milliseconds });
    return (await visitor.report<{ requests: number }>()).requests;
  };
  await burst(WARM_UP_MS);
  return {
    measure: async () => {
      const before = cpuOf(setup);
      const requests = await burst(BURST_MS);
      await pause(SETTLE_MS);
      return (cpuOf(setup) - before) / requests;
    },
    close: () => stage.stop(visitor, ...processes),
  };
}

export function cpuOf({ processes }: Setup): number {
  return processes.reduce((sum, { pid }) => sum + threadSeconds(pid), 0);
}
