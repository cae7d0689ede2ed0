import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Process } from "../process.ts";
import type { Stage } from "../stage.ts";
import { childrenOf } from "./process-usage.ts";

const READS = ["read", "readv", "recvfrom", "recvmsg"];
const WRITES = ["write", "writev", "sendto", "sendmsg"];

/** System calls of one process for each request. */
export interface SystemCalls {
  /** The process's name. */
  name: string;
  total: number;
  reads: number;
  writes: number;
  /** Other calls, most frequent first. */
  others: { call: string; each: number }[];
}

/**
 * Counts the system calls of all threads of these processes with strace while `work` runs.
 * `work` returns the number of requests. Tracing slows the processes down, so rates measured meanwhile mean nothing.
 */
export async function countSystemCalls(
  stage: Stage,
  processes: Process[],
  work: () => Promise<number>,
): Promise<SystemCalls[]> {
  const traces = await Promise.all(processes.map((child) => trace(stage, child)));
  const requests = await work();
  return Promise.all(traces.map(async (each) => ({ name: each.name, ...perRequest(await each.end(), requests) })));
}

interface Trace {
  name: string;
  /** Ends the tracing and returns strace's table of counts. */
  end(): Promise<string>;
}

async function trace(stage: Stage, child: Process): Promise<Trace> {
  const file = join(stage.folder("trace"), "counts");
  const pids = [child.pid, ...childrenOf(child.pid)].flatMap((pid) => ["-p", `${pid}`]);
  // strace reports on standard error that it is attached. A shell redirects this to standard output, where the bench
  // reads lines.
  const tracer = stage.run("strace", "sh", ["-c", 'exec strace "$@" 2>&1', "sh", "-c", "-f", "-o", file, ...pids]);
  await tracer.line((text) => text.includes("attached"));
  const end = async (): Promise<string> => {
    tracer.signal("SIGINT");
    await tracer.exited;
    return readFileSync(file, "utf8");
  };
  return { name: child.name, end };
}

/** Reads the table that `strace -c` prints: percent, seconds, µs per call, calls, errors (may be empty), name. */
export function perRequest(table: string, requests: number): Omit<SystemCalls, "name"> {
  const counts = new Map<string, number>();
  for (const row of table.split("\n")) {
    const found = /^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?(\w+)$/.exec(row);
    if (found && found[2] !== "total") counts.set(found[2]!, Number(found[1]) / requests);
  }
  const sum = (names: Iterable<string>): number => [...names].reduce((all, name) => all + (counts.get(name) ?? 0), 0);
  const others = [...counts]
    .filter(([call]) => !READS.includes(call) && !WRITES.includes(call))
    .map(([call, each]) => ({ call, each }))
    .sort((one, other) => other.each - one.each);
  return { total: sum(counts.keys()), reads: sum(READS), writes: sum(WRITES), others };
}
