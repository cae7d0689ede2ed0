import { setTimeout as pause } from "node:timers/promises";
import type { Row } from "../row.ts";
import { visit, type Direction } from "../rows/transfer.ts";
import type { Settings } from "../settings.ts";
import { LARGE, SINK, startOrigin } from "../setups/origin.ts";
import { startPostern } from "../setups/postern.ts";
import type { Stage } from "../stage.ts";
import { compareBuilds, type Subject } from "./compare-builds.ts";
import { cpuOf } from "./requests.ts";
import { summary } from "./summary.ts";

/** About half a second of transfer, and several cycles of the garbage collector. */
const BYTES = 300_000_000;
const QUICK_BYTES = 50_000_000;
const SETTLE_MS = 20;

/** CPU time of server and client per GB of one large body. */
export function compareTransfer(direction: Direction, against: string): Row {
  return {
    name: direction,
    about: `CPU of server and client per GB, one ${direction} of 300 MB, against ${against}`,
    needs: ["nginx"],
    limit: ({ pairs, rounds }) => 60 + pairs * (60 + rounds * 12),
    run: async (stage, settings) => {
      const bytes = settings.quick ? QUICK_BYTES : BYTES;
      const origin = await startOrigin(stage, { largeBytes: bytes });
      const local = direction === "download" ? origin.address : origin.plain;
      const samples = await compareBuilds(settings, against, settings.rounds, (build) =>
        open(stage, build, direction, local, bytes),
      );
      return [summary(`CPU per GB, ${direction}`, samples, settings, (seconds) => `${seconds.toFixed(2)} s`)];
    },
  };
}

async function open(
  stage: Stage,
  settings: Settings,
  direction: Direction,
  local: string,
  bytes: number,
): Promise<Subject<number>> {
  const setup = await startPostern(stage, settings, local);
  const path = direction === "download" ? LARGE : SINK;
  return {
    measure: async () => {
      const before = cpuOf(setup);
      const moved = await visit(stage, setup, direction, path, bytes);
      if (moved.bytes !== bytes) throw new Error(`${moved.bytes} of ${bytes} bytes arrived`);
      await pause(SETTLE_MS);
      return (cpuOf(setup) - before) / (bytes / 1e9);
    },
    close: () => stage.stop(...setup.processes),
  };
}
