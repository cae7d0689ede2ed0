import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Inspector } from "./inspector.ts";

export const OUTPUT = fileURLToPath(new URL("../.out/", import.meta.url));

const SHOWN = 25;
const IDLE = "(idle)";

interface CpuProfile {
  nodes: { id: number; callFrame: { functionName: string; url: string; lineNumber: number } }[];
  samples: number[];
  timeDeltas: number[];
}

/**
 * Profiles the main thread of the process whose inspector listens on `port` while `work` runs.
 * Saves the profile and returns a table of the busiest functions.
 */
export async function profiled<T>(
  port: number,
  name: string,
  work: () => Promise<T>,
): Promise<{ value: T; table: string }> {
  const inspector = await Inspector.open(port);
  try {
    await inspector.call("Profiler.enable");
    await inspector.call("Profiler.setSamplingInterval", { interval: 500 });
    await inspector.call("Profiler.start");
    const value = await work();
    const { profile } = await inspector.call<{ profile: CpuProfile }>("Profiler.stop");
    mkdirSync(OUTPUT, { recursive: true });
    const file = `${OUTPUT}${name}.cpuprofile`;
    writeFileSync(file, JSON.stringify(profile));
    return { value, table: `${name} (${file})\n${busiest(profile)}` };
  } finally {
    inspector.close();
  }
}

/** The functions with the most time of their own, in percent of the busy time. */
function busiest(profile: CpuProfile): string {
  const names = new Map<number, string>();
  for (const { id, callFrame } of profile.nodes) names.set(id, place(callFrame));
  const own = new Map<string, number>();
  let busy = 0;
  let all = 0;
  for (const [index, sample] of profile.samples.entries()) {
    const name = names.get(sample) ?? "(unknown)";
    const time = profile.timeDeltas[index] ?? 0;
    all += time;
    if (name === IDLE) continue;
    busy += time;
    own.set(name, (own.get(name) ?? 0) + time);
  }
  const rows = [...own].sort((one, other) => other[1] - one[1]).slice(0, SHOWN);
  const share = (time: number): string => `${((100 * time) / busy).toFixed(1).padStart(5)} %`;
  return [
    `  busy ${((100 * busy) / all).toFixed(0)} % of ${(all / 1e6).toFixed(1)} s`,
    ...rows.map(([name, time]) => `  ${share(time)}  ${name}`),
  ].join("\n");
}

function place({ functionName, url, lineNumber }: CpuProfile["nodes"][number]["callFrame"]): string {
  const name = functionName === "" ? "(anonymous)" : functionName;
  if (url === "") return name;
  return `${name}  ${url.replace(/^.*\/(packages|node_modules)\//, "")}:${lineNumber + 1}`;
}
