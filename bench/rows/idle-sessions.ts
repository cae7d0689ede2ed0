import { setTimeout as pause } from "node:timers/promises";
import { Inspector, memoryAfterCollection, type MemoryUse } from "../measure/inspector.ts";
import { median } from "../measure/statistics.ts";
import { line, verdict, type Line, type Row } from "../row.ts";
import type { Settings } from "../settings.ts";
import { kilobytes } from "../show.ts";
import type { Stage } from "../stage.ts";
import { startServer, type PosternServer } from "../setups/postern.ts";

const BAR = 12 * 1024;
const TOGETHER = 16;
/** The time after the last login until the temporary state of the logins is released. */
const SETTLE_MS = 2000;

/** The server's memory for an idle session. */
export const idleSessions: Row = {
  name: "idle-sessions",
  about: "server memory for each of 2,000 idle sessions",
  needs: [],
  limit: (settings) => 60 + settings.rounds * 90,
  run: async (stage, settings) => {
    const count = settings.quick ? 500 : 2000;
    const rounds: Cost[] = [];
    for (let round = 0; round < settings.rounds; round++) rounds.push(await measure(stage, settings, count));
    const resident = median(rounds.map((cost) => cost.resident));
    const heap = median(rounds.map((cost) => cost.heap));
    // Resident memory does not include growth into pages that were free before, so the larger of the two figures is
    // used.
    const each = Math.max(resident, heap);
    return [
      line({
        measure: `server memory, each of ${count.toLocaleString("en")} idle sessions`,
        product: kilobytes(each),
        bar: `≤ ${kilobytes(BAR)}`,
        result: verdict(each <= BAR),
        note: `resident ${kilobytes(resident)}, heap and buffers ${kilobytes(heap)}, both after a full collection`,
        raw: rounds,
      }),
    ] satisfies Line[];
  },
};

interface Cost {
  resident: number;
  heap: number;
}

async function measure(stage: Stage, settings: Settings, count: number): Promise<Cost> {
  const server = await startServer(stage, settings, { inspect: true });
  const inspector = await Inspector.open(server.inspector!);
  // Warm-up: these sessions compile code and fill pools.
  const warm = await hold(stage, server, 100);
  await stage.stop(warm);
  await pause(SETTLE_MS);
  const before = await memoryAfterCollection(inspector);
  const driver = await hold(stage, server, count);
  await pause(SETTLE_MS);
  const after = await memoryAfterCollection(inspector);
  inspector.close();
  // The server is stopped first, so that it does not handle two thousand disconnects.
  await stage.stop(server.process);
  await stage.stop(driver);
  return { resident: (after.rss - before.rss) / count, heap: (inHeap(after) - inHeap(before)) / count };
}

async function hold(stage: Stage, server: PosternServer, count: number): Promise<ReturnType<Stage["script"]>> {
  const settings = { server: `http://${server.address}`, local: "127.0.0.1:9", count, together: TOGETHER };
  const driver = stage.script("idle-sessions", settings, { env: { POSTERN_API_KEY: server.key } });
  await driver.report();
  return driver;
}

function inHeap({ heapUsed, external }: MemoryUse): number {
  return heapUsed + external;
}
