import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Process } from "../process.ts";
import { childrenOf } from "../measure/process-usage.ts";
import { wrk } from "../measure/wrk.ts";
import { line, type Row } from "../row.ts";
import { duration } from "../settings.ts";
import type { Stage } from "../stage.ts";
import { startNginx } from "../ways/nginx.ts";
import { SMALL, startOrigin } from "../ways/origin.ts";
import { startPostern } from "../ways/postern.ts";
import { startPrototype } from "../ways/prototype.ts";
import type { Way } from "../ways/way.ts";

const SECONDS = 3;
const CONNECTIONS = 64;
const READS = ["read", "readv", "recvfrom", "recvmsg"];
const WRITES = ["write", "writev", "sendto", "sendmsg"];

/** Where the CPU time goes: system calls for each request. Tracing slows the processes down, so this says nothing about rates. */
export const syscalls: Row = {
  name: "syscalls",
  about: `system calls per request of server, client and nginx, ${CONNECTIONS} connections (strace)`,
  needs: ["nginx", "wrk", "strace"],
  onRequest: true,
  limit: () => 120,
  run: async (stage, settings) => {
    const origin = await startOrigin(stage);
    const ways: Way[] = [
      await startPostern(stage, settings, origin.address),
      (await startNginx(stage, origin.address)).yardstick,
    ];
    if (settings.prototype) ways.push(await startPrototype(stage, settings.prototype, origin.address));
    const lines = [];
    for (const way of ways) {
      await wrk(stage, way, SMALL, CONNECTIONS, 2);
      const traces = await Promise.all(way.processes.map((child) => trace(stage, child)));
      const { requests } = await wrk(stage, way, SMALL, CONNECTIONS, duration(settings, SECONDS));
      for (const each of traces)
        lines.push(line({ measure: `system calls per request, ${each.name}`, note: await each.end(requests) }));
    }
    return lines;
  },
};

interface Trace {
  name: string;
  /** Ends the tracing and says what was counted. */
  end(requests: number): Promise<string>;
}

async function trace(stage: Stage, child: Process): Promise<Trace> {
  const file = join(stage.folder("trace"), "counts");
  const pids = [child.pid, ...childrenOf(child.pid)].flatMap((pid) => ["-p", `${pid}`]);
  // strace says on standard error that it is attached; a shell brings that to where the bench reads lines.
  const tracer = stage.run("strace", "sh", ["-c", 'exec strace "$@" 2>&1', "sh", "-c", "-f", "-o", file, ...pids]);
  await tracer.line((text) => text.includes("attached"));
  const end = async (requests: number): Promise<string> => {
    tracer.signal("SIGINT");
    await tracer.exited;
    return describe(readFileSync(file, "utf8"), requests);
  };
  return { name: child.name, end };
}

function describe(table: string, requests: number): string {
  const counts = new Map<string, number>();
  for (const row of table.split("\n")) {
    const found = /^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?(\w+)$/.exec(row);
    if (found && found[2] !== "total") counts.set(found[2]!, Number(found[1]));
  }
  const each = (calls: number): string => (calls / requests).toFixed(2);
  const sum = (names: string[]): number => names.reduce((total, name) => total + (counts.get(name) ?? 0), 0);
  const reads = sum(READS);
  const writes = sum(WRITES);
  const rest = [...counts]
    .filter(([name]) => !READS.includes(name) && !WRITES.includes(name))
    .sort((one, other) => other[1] - one[1]);
  const busiest = rest.slice(0, 3).map(([name, calls]) => `${name} ${each(calls)}`);
  return `reads ${each(reads)}, writes ${each(writes)}, ${busiest.join(", ")}`;
}
