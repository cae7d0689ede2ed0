import { setTimeout as pause } from "node:timers/promises";
import { Inspector, memoryAfterCollection, type MemoryUse } from "../measure/inspector.ts";
import { median } from "../measure/statistics.ts";
import type { Process } from "../process.ts";
import { line, verdict, type Line } from "../row.ts";
import { kilobytes } from "../show.ts";
import type { PosternProcess } from "../setups/postern.ts";
import type { Stage } from "../stage.ts";

/** Memory in bytes for each of the things that are held open, after a full collection. */
export interface IdleGrowth {
  resident: number;
  /** Heap and buffers. */
  heap: number;
}

export interface IdleLoad {
  count: number;
  /**
   * The number that is opened before the measurement and stays open. They make V8 compile the code, for which its
   * threads keep 10 to 16 MB, and they fill the pages that were free before.
   */
  first: number;
  /** The time until temporary state, for instance that of a login, is released. */
  settleMs: number;
  /** Opens this many, and returns the process that holds them. */
  hold(count: number): Promise<Process>;
}

/** The growth of a server's memory for each of `count` idle sessions or visitors. The server has an inspector. */
export async function idleGrowth(stage: Stage, server: PosternProcess, load: IdleLoad): Promise<IdleGrowth> {
  const { count, first, settleMs } = load;
  const inspector = await Inspector.open(server.inspector!);
  const former = await load.hold(first);
  await pause(settleMs);
  const before = await memoryAfterCollection(inspector);
  const holder = await load.hold(count);
  await pause(settleMs);
  const after = await memoryAfterCollection(inspector);
  inspector.close();
  // The server is stopped first, so that it does not handle thousands of disconnects.
  await stage.stop(server.process);
  await stage.stop(former, holder);
  return { resident: (after.rss - before.rss) / count, heap: (inHeap(after) - inHeap(before)) / count };
}

/** @param bar - In bytes, for each. */
export function idleLine(what: string, rounds: IdleGrowth[], bar: number): Line {
  const resident = median(rounds.map((growth) => growth.resident));
  const heap = median(rounds.map((growth) => growth.heap));
  // Resident memory does not include growth into pages that were free before, so the larger of the two figures is used.
  const each = Math.max(resident, heap);
  return line({
    measure: `server memory, each of ${what}`,
    product: kilobytes(each),
    bar: `≤ ${kilobytes(bar)}`,
    result: verdict(each <= bar),
    note: `resident ${kilobytes(resident)}, heap and buffers ${kilobytes(heap)}, both after a full collection`,
    raw: rounds,
  });
}

function inHeap({ heapUsed, external }: MemoryUse): number {
  return heapUsed + external;
}
