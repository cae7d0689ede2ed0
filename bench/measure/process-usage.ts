import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** Clock ticks per second, the unit of CPU time in /proc/PID/stat. */
const TICKS = Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));

/** User and system time of a process, all its threads, and its current children, in seconds. */
export function cpuSeconds(pid: number): number {
  let seconds = 0;
  for (const id of [pid, ...childrenOf(pid)]) {
    const stat = readFileSync(`/proc/${id}/stat`, "utf8");
    // The second field is the program's name and may contain spaces, so the fields are read after its closing bracket.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    seconds += (Number(fields[11]) + Number(fields[12])) / TICKS;
  }
  return seconds;
}

/**
 * CPU time of the current threads of a process and of its children, in seconds. Its resolution is nanoseconds, for
 * rounds of 200 ms; /proc/PID/stat counts ticks of 10 ms. The time of threads that have ended is not included.
 */
export function threadSeconds(pid: number): number {
  let nanoseconds = 0;
  for (const id of [pid, ...childrenOf(pid)])
    for (const thread of readdirSync(`/proc/${id}/task`))
      nanoseconds += Number(readFileSync(`/proc/${id}/task/${thread}/schedstat`, "utf8").split(" ")[0]);
  return nanoseconds / 1e9;
}

/** V8's worker threads. They run the parallel work of the garbage collector, and compile hot functions. */
const WORKER = "V8Worker";

/** CPU time of V8's worker threads in a Node process, in seconds. */
export function workerSeconds(pid: number): number {
  let nanoseconds = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const task = `/proc/${pid}/task/${thread}`;
    if (readFileSync(`${task}/comm`, "utf8").trim() !== WORKER) continue;
    nanoseconds += Number(readFileSync(`${task}/schedstat`, "utf8").split(" ")[0]);
  }
  return nanoseconds / 1e9;
}

/** Resident memory in bytes. */
export function residentBytes(pid: number): number {
  const line = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  if (!line) throw new Error(`process ${pid} has no resident memory`);
  return Number(line[1]) * 1024;
}

/** Memory of a process in bytes, with a page that several processes share divided among them (PSS). */
export function proportionalBytes(pid: number): number {
  const line = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"));
  if (!line) throw new Error(`process ${pid} has no proportional memory`);
  return Number(line[1]) * 1024;
}

export function childrenOf(pid: number): number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
    return text === "" ? [] : text.split(" ").map(Number);
  } catch {
    return [];
  }
}
