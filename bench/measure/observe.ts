import type { Settings } from "../settings.ts";
import type { PosternWay } from "../ways/postern.ts";
import type { Way } from "../ways/way.ts";
import { cpuSeconds } from "./process-usage.ts";
import { profiled } from "./profile.ts";

export interface Observed<T> {
  value: T;
  /** CPU time of the way's processes meanwhile, in seconds. */
  cpu: number;
}

/** Runs `work` and counts the CPU time of the way's processes meanwhile; with `--profile` it profiles Postern's. */
export async function observe<T>(
  way: Way,
  settings: Settings,
  label: string,
  work: () => Promise<T>,
): Promise<Observed<T>> {
  const before = cpuOf(way);
  const value = await (settings.profile && isPostern(way) ? profileBoth(way, label, work) : work());
  return { value, cpu: cpuOf(way) - before };
}

function cpuOf(way: Way): number {
  return way.processes.reduce((sum, { pid }) => sum + cpuSeconds(pid), 0);
}

function isPostern(way: Way): way is PosternWay {
  return "server" in way && "client" in way;
}

async function profileBoth<T>(way: PosternWay, label: string, work: () => Promise<T>): Promise<T> {
  const server = way.server.inspector;
  const client = way.client.inspector;
  if (server === undefined || client === undefined) return work();
  const outer = await profiled(server, `${label}-server`, () => profiled(client, `${label}-client`, work));
  console.log(`\n${outer.table}\n\n${outer.value.table}\n`);
  return outer.value.value;
}
