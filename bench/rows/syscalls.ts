import { countSystemCalls, type SystemCalls } from "../measure/system-calls.ts";
import { wrk } from "../measure/wrk.ts";
import { line, type Row } from "../row.ts";
import { duration } from "../settings.ts";
import { startNginx } from "../setups/nginx.ts";
import { SMALL, startOrigin } from "../setups/origin.ts";
import { startPostern } from "../setups/postern.ts";
import { startPrototype } from "../setups/prototype.ts";
import type { Setup } from "../setups/setup.ts";

const SECONDS = 3;
const CONNECTIONS = 64;

/** System calls for each request, which explain a part of the CPU time. */
export const syscalls: Row = {
  name: "syscalls",
  about: `system calls per request of server, client and nginx, ${CONNECTIONS} connections (strace)`,
  needs: ["nginx", "wrk", "strace"],
  onRequest: true,
  limit: () => 120,
  run: async (stage, settings) => {
    const origin = await startOrigin(stage);
    const setups: Setup[] = [
      await startPostern(stage, settings, origin.address),
      (await startNginx(stage, origin.address)).yardstick,
    ];
    if (settings.prototype) setups.push(await startPrototype(stage, settings.prototype, origin.address));
    const lines = [];
    for (const setup of setups) {
      const load = { path: SMALL, connections: CONNECTIONS, seconds: duration(settings, SECONDS) };
      await wrk(stage, setup, { ...load, seconds: 2 });
      const requests = async (): Promise<number> => (await wrk(stage, setup, load)).requests;
      for (const calls of await countSystemCalls(stage, setup.processes, requests))
        lines.push(line({ measure: `system calls per request, ${calls.name}`, note: describe(calls) }));
    }
    return lines;
  },
};

function describe({ reads, writes, others }: SystemCalls): string {
  const busiest = others.slice(0, 3).map(({ call, each }) => `${call} ${each.toFixed(2)}`);
  return [`reads ${reads.toFixed(2)}`, `writes ${writes.toFixed(2)}`, ...busiest].join(", ");
}
