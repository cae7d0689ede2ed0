import type { Settings } from "../settings.ts";
import type { GatewaySetup } from "../setups/gateway.ts";
import type { PosternProcess, PosternSetup } from "../setups/postern.ts";
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
  const value = await (settings.profile ? profileAll(processesOf(setup), label, work) : work());
  const collector = collectorsOf(setup).map((use, index) => difference(use, earlier[index]!));
  return { value, cpu: cpuOf(setup) - before, collector };
}

function cpuOf(setup: Setup): number {
  return setup.processes.reduce((sum, { pid }) => sum + cpuSeconds(pid), 0);
}

function collectorsOf(setup: Setup): CollectorUse[] {
  return processesOf(setup).flatMap(({ process, collections }) =>
    collections === undefined ? [] : [collectorUse(process.pid, collections)],
  );
}

/** The processes of Postern. */
function processesOf(setup: Setup): readonly PosternProcess[] {
  const { server, client, gateway } = setup as Partial<PosternSetup & GatewaySetup>;
  return [server, client, gateway].filter((each) => each !== undefined);
}

async function profileAll<T>(
  [first, ...others]: readonly PosternProcess[],
  label: string,
  work: () => Promise<T>,
): Promise<T> {
  if (first?.inspector === undefined) return work();
  const { name } = first.process;
  const { table, value } = await profiled(first.inspector, `${label}-${name}`, () => profileAll(others, label, work));
  console.log(`\n${table}\n`);
  return value;
}
