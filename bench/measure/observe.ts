import type { Settings } from "../settings.ts";
import type { PosternSetup } from "../setups/postern.ts";
import type { Setup } from "../setups/setup.ts";
import { collectorUse, difference, type CollectorUse } from "./collector.ts";
import { cpuSeconds } from "./process-usage.ts";
import { profiled } from "./profile.ts";

export interface Observed<T> {
  value: T;
  /** CPU time of the setup's processes during the work, in seconds. */
  cpu: number;
  /** The collector's work in Postern's server and client, if the setup counts collections. */
  collector: CollectorUse[];
}

/**
 * Runs `work` and measures the CPU time of the setup's processes. With `--profile` it also profiles Postern's
 * processes.
 */
export async function observe<T>(
  setup: Setup,
  settings: Settings,
  label: string,
  work: () => Promise<T>,
): Promise<Observed<T>> {
  const before = cpuOf(setup);
  const earlier = collectorsOf(setup);
  const value = await (settings.profile && isPostern(setup) ? profileBoth(setup, label, work) : work());
  const collector = collectorsOf(setup).map((use, index) => difference(use, earlier[index]!));
  return { value, cpu: cpuOf(setup) - before, collector };
}

function cpuOf(setup: Setup): number {
  return setup.processes.reduce((sum, { pid }) => sum + cpuSeconds(pid), 0);
}

function collectorsOf(setup: Setup): CollectorUse[] {
  if (!isPostern(setup)) return [];
  return [setup.server, setup.client].flatMap(({ process, collections }) =>
    collections === undefined ? [] : [collectorUse(process.pid, collections)],
  );
}

function isPostern(setup: Setup): setup is PosternSetup {
  return "server" in setup && "client" in setup;
}

async function profileBoth<T>(setup: PosternSetup, label: string, work: () => Promise<T>): Promise<T> {
  const server = setup.server.inspector;
  const client = setup.client.inspector;
  if (server === undefined || client === undefined) return work();
  const outer = await profiled(server, `${label}-server`, () => profiled(client, `${label}-client`, work));
  console.log(`\n${outer.table}\n\n${outer.value.table}\n`);
  return outer.value.value;
}
